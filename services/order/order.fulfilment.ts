import type { Order } from "../../contracts/order.ts";
import type { Database } from "../../db/database.ts";
import type { Identity } from "../../lib/identity.ts";
import { transition } from "./order.machine.ts";
import type { OrderRepository } from "./order.repository.ts";

export interface Shipping {
	id: string;
	carrier: string;
	tracking_number: string;
}

/** What staff do with a confirmed order. Each is repeatable: the same act again changes nothing. */
export class Fulfilment {
	readonly #db: Database;
	readonly #orders: OrderRepository;

	constructor(db: Database, orders: OrderRepository) {
		this.#db = db;
		this.#orders = orders;
	}

	/** @throws NOT_FOUND, ILLEGAL_TRANSITION */
	ship({ id, carrier, tracking_number }: Shipping, actor: Identity): Promise<Order> {
		const shipment = { carrier, tracking_number };
		return this.#db.transaction(async tx => {
			const order = await this.#orders.lock(id, undefined, tx);
			if (order.status === "shipped" && sameShipment(order, shipment)) return order;
			const step = transition(order.status, "shipped");
			return this.#orders.record(order, step, { actor, shipment }, tx);
		});
	}

	/** @throws NOT_FOUND, ILLEGAL_TRANSITION */
	deliver(id: string, actor: Identity): Promise<Order> {
		return this.#db.transaction(async tx => {
			const order = await this.#orders.lock(id, undefined, tx);
			if (order.status === "delivered") return order;
			const step = transition(order.status, "delivered");
			return this.#orders.record(order, step, { actor }, tx);
		});
	}
}

function sameShipment({ shipment }: Order, other: NonNullable<Order["shipment"]>): boolean {
	return shipment?.carrier === other.carrier && shipment.tracking_number === other.tracking_number;
}
