import type { ServiceBroker } from "moleculer";
import type { Outcome } from "./notification.decisions.ts";
import type { Gauge } from "../../lib/gauges.ts";
import type { Backlog, Claim } from "./tracking-store.ts";

/** Counts outcomes of messages; the metrics service of this node, if it runs, stores the counter. */
export function countMessage(broker: ServiceBroker, { channel }: Claim, { state }: Outcome): void {
	const labels = { channel, result: state === "pending" ? "deferred" : state };
	const metric = { name: "shop_notifications_total", method: "inc", labels, value: 1 };
	void broker.broadcastLocal("metrics.update", metric);
}

/** Size and age of what waits to be sent, by channel. */
export function backlogGauges(backlog: readonly Backlog[]): Gauge[] {
	return backlog.flatMap(({ channel, count, seconds }) => [
		{ name: "shop_notifications_waiting", labels: { channel }, value: count },
		{ name: "shop_notifications_waiting_seconds", labels: { channel }, value: seconds }
	]);
}
