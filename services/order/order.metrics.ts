import type { ServiceBroker } from "moleculer";
import { sagaWaits } from "../../contracts/order-saga.ts";
import type { Order } from "../../contracts/order.ts";
import type { OrderStatus } from "../../contracts/order-status.ts";
import type { Gauge } from "../../lib/gauges.ts";

/** Counts orders by reached status; the metrics service of this node, if it runs, stores the counter. */
export function countOrders(broker: ServiceBroker, status: OrderStatus, value = 1): void {
	const metric = { name: "shop_orders_total", method: "inc", labels: { status }, value };
	void broker.broadcastLocal("metrics.update", metric);
}

/** Observes how long a confirmed order took since it was placed, both by the clock of the database. */
export function observeConfirmation(
	broker: ServiceBroker,
	{ created_at, updated_at }: Pick<Order, "created_at" | "updated_at">
): void {
	const value = Math.max(0, Date.parse(updated_at) - Date.parse(created_at)) / 1000;
	const metric = { name: "shop_order_confirmation_seconds", method: "observe", value };
	void broker.broadcastLocal("metrics.update", metric);
}

/** Sagas that wait for the same thing; `none` for those that run. */
export interface SagaLoad {
	waits_for: string;
	count: number;
	/** Of the one that changed last longest ago. */
	seconds: number;
}

/** Every kind of wait has a value, so that the last one does not stay when its sagas are over. */
export function sagaGauges(load: readonly SagaLoad[]): Gauge[] {
	const found = new Map(load.map(row => [row.waits_for, row]));
	return ["none", ...sagaWaits].flatMap(waits_for => {
		const { count = 0, seconds = 0 } = found.get(waits_for) ?? {};
		return [
			{ name: "shop_sagas", labels: { waits_for }, value: count },
			{ name: "shop_saga_oldest_seconds", labels: { waits_for }, value: seconds }
		];
	});
}
