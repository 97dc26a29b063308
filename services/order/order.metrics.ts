import type { ServiceBroker } from "moleculer";
import type { OrderStatus } from "../../contracts/order.ts";

/** Counts orders that reached a state; the metrics service of this node, if it runs, keeps it. */
export function countOrders(broker: ServiceBroker, status: OrderStatus, value = 1): void {
	const metric = { name: "shop_orders_total", method: "inc", labels: { status }, value };
	void broker.broadcastLocal("metrics.update", metric);
}

/** Shows how far the stream is behind the orders. */
export function showLag(broker: ServiceBroker, lag: { rows: number; seconds: number }): void {
	const gauges = { shop_outbox_rows: lag.rows, shop_outbox_seconds: lag.seconds };
	for (const [name, value] of Object.entries(gauges))
		void broker.broadcastLocal("metrics.update", { name, method: "set", value });
}
