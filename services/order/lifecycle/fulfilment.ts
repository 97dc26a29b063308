import type { Order } from "../../../contracts/order.ts";
import type { OrderStatus } from "../../../contracts/order-status.ts";
import type { Idempotency } from "../../../idempotency/idempotency.ts";
import type { KeyedRequest } from "../../../idempotency/keyed-request.ts";
import { fail } from "../../../lib/errors.ts";
import type { Identity } from "../../../lib/identity.ts";
import { transition, type OnTransition } from "../order.machine.ts";
import type { OrderRepository } from "../storage/order.repository.ts";
import type { OrderPayments } from "./payment-details.ts";

type Shipment = NonNullable<Order["shipment"]>;

/** The customer has their money back, or their bank has it until a dispute is decided. */
const isUnpaid = ({ totals }: Order, payment: Order["payment"]) =>
	payment !== null &&
	payment.refunded.amount + (payment.disputed?.amount ?? 0) >= totals.total.amount;

interface FulfilmentStep {
	to: OrderStatus;
	/** True when the order already has the result of this transition. */
	done(order: Order): boolean;
	shipment?: Shipment;
}

/** The order that is meant, and the request under its idempotency key, if it has one. */
interface FulfilmentRequest {
	id: string;
	request: KeyedRequest | undefined;
	actor: Identity;
}

interface Fulfilled {
	answer: Order;
	replayed: boolean;
}

/** Shipping and delivery by staff. A repetition changes nothing, also without a key. */
export class Fulfilment {
	readonly #idempotency: Idempotency;
	readonly #orders: OrderRepository;
	readonly #payments: OrderPayments;
	readonly #onTransition: OnTransition;

	constructor(
		idempotency: Idempotency,
		orders: OrderRepository,
		payments: OrderPayments,
		onTransition: OnTransition
	) {
		this.#idempotency = idempotency;
		this.#orders = orders;
		this.#payments = payments;
		this.#onTransition = onTransition;
	}

	/** @throws NOT_FOUND, ILLEGAL_TRANSITION, IDEMPOTENCY_KEY_REUSED */
	ship(of: FulfilmentRequest, shipment: Shipment): Promise<Fulfilled> {
		const done = (order: Order) =>
			order.status === "shipped" &&
			order.shipment?.carrier === shipment.carrier &&
			order.shipment.tracking_number === shipment.tracking_number;
		return this.#move(of, { to: "shipped", done, shipment });
	}

	/** @throws NOT_FOUND, ILLEGAL_TRANSITION, IDEMPOTENCY_KEY_REUSED */
	deliver(of: FulfilmentRequest): Promise<Fulfilled> {
		const done = (order: Order) => order.status === "delivered";
		return this.#move(of, { to: "delivered", done });
	}

	async #move(
		{ id, request, actor }: FulfilmentRequest,
		{ to, done, shipment }: FulfilmentStep
	): Promise<Fulfilled> {
		let hasMoved = false;
		const fulfilled = await this.#idempotency.once(
			request,
			async (tx, payment) => {
				const order = await this.#orders.lock(id, undefined, tx);
				hasMoved = !done(order);
				if (!hasMoved) return { ...order, payment };
				if (to === "shipped" && isUnpaid(order, payment))
					fail("ILLEGAL_TRANSITION", "Nothing is paid any more: it was refunded or is disputed");
				const step = transition(order.status, to);
				return { ...(await this.#orders.record(order, step, { actor, shipment }, tx)), payment };
			},
			() => this.#payments.of(id)
		);
		if (hasMoved && !fulfilled.replayed) this.#onTransition(to);
		return fulfilled;
	}
}
