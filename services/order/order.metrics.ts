import type { ServiceBroker } from "moleculer";
import type { OrderStatus } from "../../contracts/order-status.ts";

/** Counts orders by reached status; the metrics service of this node, if it runs, stores the counter. */
export function countOrders(broker: ServiceBroker, status: OrderStatus, value = 1): void {
	const metric = { name: "shop_orders_total", method: "inc", labels: { status }, value };
	void broker.broadcastLocal("metrics.update", metric);
}
