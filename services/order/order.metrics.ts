import type { ServiceBroker } from "moleculer";
import type { OrderStatus } from "../../contracts/order-status.ts";

/** Counts orders that reached a state; the metrics service of this node, if it runs, keeps it. */
export function countOrders(broker: ServiceBroker, status: OrderStatus, value = 1): void {
	const metric = { name: "shop_orders_total", method: "inc", labels: { status }, value };
	void broker.broadcastLocal("metrics.update", metric);
}
