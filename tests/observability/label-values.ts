import { notificationChannels } from "../../contracts/notification.ts";
import { sagaWaits } from "../../contracts/order-saga.ts";
import { orderStatuses } from "../../contracts/order-status.ts";
import { parts } from "../../contracts/parts.ts";
import { reviewKinds } from "../../contracts/payment.ts";
import { consumerGroups } from "../../contracts/streams.ts";
import type { Matcher } from "./promql.ts";

const partNames = parts.map(({ name }) => name);

/** All values of a label that has few, by the label or by metric and label. */
const closed: Readonly<Record<string, readonly string[]>> = {
	waits_for: ["none", ...sagaWaits],
	kind: reviewKinds,
	channel: notificationChannels,
	check: ["ready", "shop", "bus", ...partNames],
	bus: ["nats"],
	state: ["busy", "idle"],
	group: consumerGroups,
	service: partNames,
	node: ["gateway", ...partNames],
	job: ["shop", "observability"],
	"shop_orders_total status": orderStatuses
};

/** What a matcher compares with that no series of the metric can have. */
export function valueFaults(metric: string, { label, op, value }: Matcher): string[] {
	const values = closed[`${metric} ${label}`] ?? closed[label];
	if (!values) return [];
	const compared = op.endsWith("~") ? value.split("|") : [value];
	return compared
		.filter(one => {
			const isIt = op.endsWith("~")
				? new RegExp(`^(?:${one})$`)
				: { test: (v: string) => v === one };
			return !values.some(known => isIt.test(known));
		})
		.map(one => `${metric} has no ${label} ${one}`);
}
