import type { ServiceBroker } from "moleculer";
import type { Outcome } from "./notification.decisions.ts";
import type { Claim } from "./tracking-store.ts";

/** Counts outcomes of messages; the metrics service of this node, if it runs, stores the counter. */
export function countMessage(broker: ServiceBroker, { channel }: Claim, { state }: Outcome): void {
	const labels = { channel, result: state === "pending" ? "deferred" : state };
	const metric = { name: "shop_notifications_total", method: "inc", labels, value: 1 };
	void broker.broadcastLocal("metrics.update", metric);
}
