import type { Order } from "../../../contracts/order.ts";
import type { OrderStatus } from "../../../contracts/order-status.ts";
import type { Database, Transaction } from "../../../db/database.ts";
import { failpoint } from "../../../lib/failpoint.ts";
import type { Identity } from "../../../lib/identity.ts";
import { fingerprint, replayAnswer } from "../storage/idempotency.ts";
import { decideCancel, transition, type OnTransition } from "../order.machine.ts";
import type { OrderPayments } from "./payment-details.ts";
import type { Placed } from "../placement/placement.ts";
import type { IdempotentRequest, OrderRepository } from "../storage/order.repository.ts";

export interface CancelParams {
	id: string;
	reason?: string;
	idempotency_key: string;
}

/** Cancels orders: the decision, its effects and the stored response are one transaction. */
export class Cancellation {
	readonly #db: Database;
	readonly #orders: OrderRepository;
	readonly #payments: OrderPayments;
	readonly #onTransition: OnTransition;

	constructor(
		db: Database,
		orders: OrderRepository,
		payments: OrderPayments,
		onTransition: OnTransition
	) {
		this.#db = db;
		this.#orders = orders;
		this.#payments = payments;
		this.#onTransition = onTransition;
	}

	/**
	 * For the order's owner only; admins have `forceCancel` in saga.admin.ts. `cancelDecisions` lists the statuses.
	 * @throws NOT_FOUND, ILLEGAL_TRANSITION where the status refuses it, IDEMPOTENCY_KEY_REUSED
	 */
	async cancel(
		{ id, reason, idempotency_key: key }: CancelParams,
		owner: Identity
	): Promise<Placed> {
		const route = "POST /orders/{id}/cancel";
		const request = { principal: owner.id, route, key, hash: fingerprint(id, reason ?? null) };
		const stored = await this.#orders.findAnswer(request);
		if (stored) return { order: replayAnswer(stored, request), replayed: true };
		// Before the transaction, because it is a remote call; the stored response includes the payment.
		const payment = await this.#payments.of(id);
		const decided = await this.#db.transaction(async tx => {
			const { order, to } = await this.#decide(id, reason, owner, tx);
			const answer = { ...order, payment };
			const isFirst = await this.#orders.storeAnswer(request, id, answer, tx);
			await failpoint("order.cancel.before_commit");
			return isFirst && { answer, to };
		});
		await failpoint("order.cancel.after_commit");
		if (!decided) return this.#replayConcurrent(request);
		if (decided.to) this.#onTransition(decided.to);
		return { order: decided.answer, replayed: false };
	}

	/** A concurrent request with the same key came first; this one sees the order after it. */
	async #replayConcurrent(request: IdempotentRequest): Promise<Placed> {
		const stored = await this.#orders.findAnswer(request);
		return { order: replayAnswer(stored!, request), replayed: true };
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
