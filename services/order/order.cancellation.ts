import type { Order, OrderStatus } from "../../contracts/order.ts";
import type { Database, Transaction } from "../../db/database.ts";
import { fail } from "../../lib/errors.ts";
import type { Identity } from "../../lib/identity.ts";
import { fingerprint, replay } from "./order.idempotency.ts";
import { decideCancel, transition } from "./order.machine.ts";
import type { Placed } from "./order.placement.ts";
import type { IdempotentRequest, OrderRepository } from "./order.repository.ts";

export interface CancelParams {
	id: string;
	reason?: string;
	idempotency_key: string;
}

/** Calls orders off: the decision, what it changes and the answer are one transaction. */
export class Cancellation {
	readonly #db: Database;
	readonly #orders: OrderRepository;
	readonly #onTransition: (to: OrderStatus) => void;

	constructor(db: Database, orders: OrderRepository, onTransition: (to: OrderStatus) => void) {
		this.#db = db;
		this.#orders = orders;
		this.#onTransition = onTransition;
	}

	/**
	 * @param owner as in OrderRepository.get
	 * @throws NOT_FOUND, ILLEGAL_TRANSITION once shipped, IDEMPOTENCY_KEY_REUSED
	 */
	async cancel(
		{ id, reason, idempotency_key: key }: CancelParams,
		owner: string | undefined,
		actor: Identity
	): Promise<Placed> {
		const route = "POST /orders/{id}/cancel";
		const request = { principal: actor.id, route, key, hash: fingerprint(id, reason ?? null) };
		const stored = await this.#orders.answered(request);
		if (stored) return { order: replay(stored, request), replayed: true };
		const { order, to } = await this.#db.transaction(async tx => {
			const decided = await this.#decide(id, reason, owner, actor, tx);
			await this.#keep(request, decided.order, tx);
			return decided;
		});
		if (to) this.#onTransition(to);
		return { order, replayed: false };
	}

	async #decide(
		id: string,
		why: string | undefined,
		owner: string | undefined,
		actor: Identity,
		tx: Transaction
	): Promise<{ order: Order; to?: OrderStatus }> {
		const order = await this.#orders.lock(id, owner, tx);
		const decision = decideCancel(order.status);
		if (decision === "already") return { order };
		if (decision === "ask_saga") {
			await this.#orders.requestCancel(id, actor, why, tx);
			return { order };
		}
		await this.#orders.insertRefundSaga(id, tx);
		const step = transition(order.status, "refund_pending", "requested");
		return { order: await this.#orders.record(order, step, { actor, why }, tx), to: step.to };
	}

	/** Two requests with one key at once: the second finds the first's answer when it comes again. */
	async #keep(request: IdempotentRequest, order: Order, tx: Transaction): Promise<void> {
		if (!(await this.#orders.storeAnswer(request, order, tx))) fail("IDEMPOTENCY_KEY_IN_USE");
	}
}
