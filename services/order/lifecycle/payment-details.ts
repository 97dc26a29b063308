import type { ServiceBroker } from "moleculer";
import type { Order } from "../../../contracts/order.ts";
import { payment } from "../../../contracts/payment.ts";
import { call } from "../../../lib/service.ts";

/** The `payment` member of orders, which is read from the payment service for each response. */
export class OrderPayments {
	readonly #broker: ServiceBroker;

	constructor(broker: ServiceBroker) {
		this.#broker = broker;
	}

	/**
	 * The orders with their payments; one call for all of them, none if there are no payments.
	 * @param at as of this time
	 */
	async attach(orders: Order[], at?: string): Promise<Order[]> {
		const ids = orders.filter(({ status }) => status !== "pending").map(({ id }) => id);
		const payments = await this.#find(ids, at);
		return orders.map(order => ({ ...order, payment: payments.get(order.id) ?? null }));
	}

	async attachOne(order: Order, at?: string): Promise<Order> {
		return (await this.attach([order], at))[0]!;
	}

	/** The payment of one order, null when there is none. */
	async of(orderId: string): Promise<Order["payment"]> {
		return (await this.#find([orderId])).get(orderId) ?? null;
	}

	async #find(order_ids: string[], at?: string): Promise<Map<string, Order["payment"]>> {
		if (order_ids.length === 0) return new Map();
		const action = payment.actions.summaries;
		const { payments } = await call(
			this.#broker,
			action,
			{ order_ids, ...(at && { at }) },
			{ retries: 2 }
		);
		return new Map(
			payments.map(({ order_id, id, status, refunded, disputed }) => [
				order_id,
				{ id, status, refunded, ...(disputed && { disputed }) }
			])
		);
	}
}
