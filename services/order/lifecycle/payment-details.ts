import type { ServiceBroker } from "moleculer";
import type { Order } from "../../../contracts/order.ts";
import { payment } from "../../../contracts/payment.ts";
import { call } from "../../../lib/service.ts";

/** How payments are shown. */
interface Seen {
	/** As of this time. */
	at?: string;
	/** The customer who sees where to approve their own payment. */
	viewer?: string;
}

/** The `payment` member of orders, which is read from the payment service for each response. */
export class OrderPayments {
	readonly #broker: ServiceBroker;

	constructor(broker: ServiceBroker) {
		this.#broker = broker;
	}

	/**
	 * The orders with their payments; one call for all of them, none if there are no payments.
	 * @param seen by whom, and as of which time
	 */
	async attach(orders: Order[], seen: Seen = {}): Promise<Order[]> {
		const ids = orders.filter(({ status }) => status !== "pending").map(({ id }) => id);
		const payments = await this.#find(ids, seen);
		return orders.map(order => ({ ...order, payment: payments.get(order.id) ?? null }));
	}

	async attachOne(order: Order, seen?: Seen): Promise<Order> {
		return (await this.attach([order], seen))[0]!;
	}

	/** The payment of one order, null when there is none. */
	async of(orderId: string): Promise<Order["payment"]> {
		return (await this.#find([orderId])).get(orderId) ?? null;
	}

	async #find(
		order_ids: string[],
		{ at, viewer }: Seen = {}
	): Promise<Map<string, Order["payment"]>> {
		if (order_ids.length === 0) return new Map();
		const action = payment.actions.summaries;
		const { payments } = await call(
			this.#broker,
			action,
			{ order_ids, ...(at && { at }), ...(viewer && { viewer }) },
			{ retries: 2 }
		);
		return new Map(
			payments.map(({ order_id, id, status, refunded, disputed, next_action }) => [
				order_id,
				{
					id,
					status,
					refunded,
					...(disputed && { disputed }),
					...(next_action && { next_action })
				}
			])
		);
	}
}
