import type { Order } from "../../../contracts/order.ts";
import type { OrderStatus } from "../../../contracts/order-status.ts";
import type { Transaction } from "../../../db/database.ts";
import { failpoint } from "../../../lib/failpoint.ts";
import type { Identity } from "../../../lib/identity.ts";
import type { Idempotency } from "../../../idempotency/idempotency.ts";
import type { KeyedRequest } from "../../../idempotency/keyed-request.ts";
import { decideCancel, transition, type OnTransition } from "../order.machine.ts";
import type { OrderPayments } from "./payment-details.ts";
import type { OrderRepository } from "../storage/order.repository.ts";

export interface CancelParams {
	id: string;
	reason?: string;
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
	 * For the order's owner only; admins have `forceCancel` in saga.admin.ts. `cancelDecisions` lists the statuses.
	 * @throws NOT_FOUND, ILLEGAL_TRANSITION where the status refuses it, IDEMPOTENCY_KEY_REUSED
	 */
	async cancel(
		{ id, reason }: CancelParams,
		request: KeyedRequest,
		owner: Identity
	): Promise<Cancelled> {
		let reached: OrderStatus | undefined;
		const { answer, replayed } = await this.#idempotency.once(
			request,
			async (tx, payment) => {
				const { order, to } = await this.#decide(id, reason, owner, tx);
				reached = to;
				await failpoint("order.cancel.before_commit");
				return { ...order, payment };
			},
			() => this.#payments.of(id)
		);
		await failpoint("order.cancel.after_commit");
		if (!replayed && reached) this.#onTransition(reached);
		return { order: answer, replayed };
	}

	async #decide(
		id: string,
		why: string | undefined,
		owner: Identity,
		tx: Transaction
	): Promise<{ order: Order; to?: OrderStatus }> {
		const order = await this.#orders.lock(id, owner.id, tx);
		const decision = decideCancel(order.status);
		if (decision === "already") return { order };
		if (decision === "ask_saga") {
			await this.#orders.requestCancel(id, owner, why, tx);
			return { order };
		}
		await this.#orders.insertSaga(id, "refund", tx);
		const step = transition(order.status, "refund_pending", "requested");
		const recorded = await this.#orders.record(order, step, { actor: owner, why }, tx);
		return { order: recorded, to: step.to };
	}
}
