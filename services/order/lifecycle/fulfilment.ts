import type { Order } from "../../../contracts/order.ts";
import type { OrderStatus } from "../../../contracts/order-status.ts";
import type { Database } from "../../../db/database.ts";
import type { Identity } from "../../../lib/identity.ts";
import { transition, type OnTransition } from "../order.machine.ts";
import type { OrderRepository } from "../storage/order.repository.ts";

type Shipment = NonNullable<Order["shipment"]>;

interface FulfilmentStep {
	to: OrderStatus;
	/** True when the order already has the result of this transition. */
	done(order: Order): boolean;
	shipment?: Shipment;
}

/** Shipping and delivery by staff. Idempotent: a repetition changes nothing. */
export class Fulfilment {
	readonly #db: Database;
	readonly #orders: OrderRepository;
	readonly #onTransition: OnTransition;

	constructor(db: Database, orders: OrderRepository, onTransition: OnTransition) {
		this.#db = db;
		this.#orders = orders;
		this.#onTransition = onTransition;
	}

	/** @throws NOT_FOUND, ILLEGAL_TRANSITION */
	ship(id: string, shipment: Shipment, actor: Identity): Promise<Order> {
		const done = (order: Order) =>
			order.status === "shipped" &&
			order.shipment?.carrier === shipment.carrier &&
			order.shipment.tracking_number === shipment.tracking_number;
		return this.#move(id, { to: "shipped", done, shipment }, actor);
	}

	/** @throws NOT_FOUND, ILLEGAL_TRANSITION */
	deliver(id: string, actor: Identity): Promise<Order> {
		const done = (order: Order) => order.status === "delivered";
		return this.#move(id, { to: "delivered", done }, actor);
	}

	async #move(id: string, { to, done, shipment }: FulfilmentStep, actor: Identity): Promise<Order> {
		const moved = await this.#db.transaction(async tx => {
			const order = await this.#orders.lock(id, undefined, tx);
			if (done(order)) return { order, again: true };
			const step = transition(order.status, to);
			return { order: await this.#orders.record(order, step, { actor, shipment }, tx) };
		});
		if (!moved.again) this.#onTransition(to);
		return moved.order;
	}
}
