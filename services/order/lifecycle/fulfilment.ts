import type { Order } from "../../../contracts/order.ts";
import type { OrderStatus } from "../../../contracts/order-status.ts";
import type { Idempotency } from "../../../idempotency/idempotency.ts";
import type { KeyedRequest } from "../../../idempotency/keyed-request.ts";
import { fail } from "../../../lib/errors.ts";
import type { Identity } from "../../../lib/identity.ts";
import {
	shipmentCorrection,
	transition,
	type OnTransition,
	type Transition
} from "../order.machine.ts";
import type { OrderRepository } from "../storage/order.repository.ts";
import { refuseStale } from "./precondition.ts";
import type { OrderPayments } from "./payment-details.ts";

type Shipment = NonNullable<Order["shipment"]>;

/** The customer has their money back, or their bank has it until a dispute is decided. */
const isUnpaid = ({ totals }: Order, payment: Order["payment"]) =>
	payment !== null &&
	payment.refunded.amount + (payment.disputed?.amount ?? 0) >= totals.total.amount;

interface FulfilmentStep {
	/** @throws ILLEGAL_TRANSITION */
	transition(order: Order): Transition;
	/** True when the order already has the result of this transition. */
	done(order: Order): boolean;
	shipment?: Shipment;
	/** Nothing leaves the shop that is not paid. */
	needsPayment?: boolean;
}

const isSame = (shipment: Order["shipment"], other: Shipment) =>
	shipment?.carrier === other.carrier && shipment.tracking_number === other.tracking_number;

/** The order that is meant, and the request under its idempotency key, if it has one. */
interface FulfilmentRequest {
	id: string;
	/** That the sender has read. */
	version: number | undefined;
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

	/** @throws NOT_FOUND, STALE_VERSION, ILLEGAL_TRANSITION, IDEMPOTENCY_KEY_REUSED */
	ship(of: FulfilmentRequest, shipment: Shipment): Promise<Fulfilled> {
		return this.#move(of, {
			transition: ({ status }) => transition(status, "shipped"),
			done: order => order.status === "shipped" && isSame(order.shipment, shipment),
			shipment,
			needsPayment: true
		});
	}

	/**
	 * Corrects the carrier or the tracking number of a parcel that is on its way or has arrived.
	 * @throws NOT_FOUND, STALE_VERSION, ILLEGAL_TRANSITION, IDEMPOTENCY_KEY_REUSED
	 */
	correctShipment(of: FulfilmentRequest, shipment: Shipment): Promise<Fulfilled> {
		return this.#move(of, {
			transition: shipmentCorrection,
			done: order => isSame(order.shipment, shipment),
			shipment
		});
	}

	/** @throws NOT_FOUND, STALE_VERSION, ILLEGAL_TRANSITION, IDEMPOTENCY_KEY_REUSED */
	deliver(of: FulfilmentRequest): Promise<Fulfilled> {
		return this.#move(of, {
			transition: ({ status }) => transition(status, "delivered"),
			done: order => order.status === "delivered"
		});
	}

	async #move(
		{ id, version, request, actor }: FulfilmentRequest,
		{ transition: transitionOf, done, shipment, needsPayment = false }: FulfilmentStep
	): Promise<Fulfilled> {
		let reached: OrderStatus | undefined;
		const fulfilled = await this.#idempotency.once(
			request,
			async (tx, payment) => {
				const order = await this.#orders.lock(id, undefined, tx);
				reached = undefined;
				if (done(order)) return { ...order, payment };
				refuseStale(order, version);
				const step = transitionOf(order);
				if (needsPayment && isUnpaid(order, payment))
					fail("ILLEGAL_TRANSITION", "Nothing is paid any more: it was refunded or is disputed");
				reached = step.to;
				return { ...(await this.#orders.record(order, step, { actor, shipment }, tx)), payment };
			},
			() => this.#payments.of(id)
		);
		if (reached && !fulfilled.replayed) this.#onTransition(reached);
		return fulfilled;
	}
}
