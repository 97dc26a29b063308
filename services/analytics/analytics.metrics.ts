import type { ServiceBroker } from "moleculer";

/** Counts late events; the metrics service of this node, if it runs, stores the counter. */
export function countLate(broker: ServiceBroker, value: number): void {
	if (value === 0) return;
	void broker.broadcastLocal("metrics.update", {
		name: "shop_late_events_total",
		method: "inc",
		value
	});
}
