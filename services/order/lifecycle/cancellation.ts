import type { Order } from "../../../contracts/order.ts";
import type { OrderStatus } from "../../../contracts/order-status.ts";
import type { Transaction } from "../../../db/database.ts";
import { failpoint } from "../../../lib/failpoint.ts";
import { ownerScope, type Identity } from "../../../lib/identity.ts";
import { invalid } from "../../../lib/errors.ts";
import type { Idempotency } from "../../../idempotency/idempotency.ts";
import type { KeyedRequest } from "../../../idempotency/keyed-request.ts";
import { decideCancel, transition, type OnTransition } from "../order.machine.ts";
import type { OrderPayments } from "./payment-details.ts";
import { refuseStale } from "./precondition.ts";
import type { OrderRepository } from "../storage/order.repository.ts";

export interface CancelParams {
	id: string;
	reason?: string;
	/** That the sender has read. */
	version?: number;
}

interface Cancelled {
	order: Order;
	replayed: boolean;
}

/** Cancels orders: the decision, its effects and the stored response are one transaction. */
export class Cancellation {
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

	/**
	 * For the order's owner, and for staff with a reason; admins have `forceCancel` in saga.admin.ts too.
	 * `cancelDecisions` lists the statuses.
	 * @throws NOT_FOUND, STALE_VERSION, ILLEGAL_TRANSITION where the status refuses it, IDEMPOTENCY_KEY_REUSED
	 */
	async cancel(params: CancelParams, request: KeyedRequest, actor: Identity): Promise<Cancelled> {
		let reached: OrderStatus | undefined;
		const { answer, replayed } = await this.#idempotency.once(
			request,
			async (tx, payment) => {
				const { order, to } = await this.#decide(params, actor, tx);
				reached = to;
				await failpoint("order.cancel.before_commit");
				return { ...order, payment };
			},
			() => this.#payments.of(params.id)
		);
		await failpoint("order.cancel.after_commit");
		if (!replayed && reached) this.#onTransition(reached);
		return { order: answer, replayed };
	}

	async #decide(
		{ id, reason: why, version }: CancelParams,
		actor: Identity,
		tx: Transaction
	): Promise<{ order: Order; to?: OrderStatus }> {
		const order = await this.#orders.lock(id, ownerScope({ user: actor }), tx);
		if (order.user_id !== actor.id && !why)
			invalid("/reason", "required", "is required to cancel the order of a customer");
		const decision = decideCancel(order.status);
		if (decision === "already") return { order };
		refuseStale(order, version);
		if (decision === "ask_saga") {
			await this.#orders.requestCancel(id, actor, why, tx);
			return { order: { ...order, cancel_requested: true } };
		}
		await this.#orders.insertSaga(id, "refund", tx);
		const step = transition(order.status, "refund_pending", "requested");
		const recorded = await this.#orders.record(order, step, { actor, why }, tx);
		return { order: recorded, to: step.to };
	}
}
