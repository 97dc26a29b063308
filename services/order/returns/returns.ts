import type { Order, Return } from "../../../contracts/order.ts";
import type { Database, Transaction } from "../../../db/database.ts";
import { fail } from "../../../lib/errors.ts";
import { failpoint } from "../../../lib/failpoint.ts";
import { newId } from "../../../lib/id.ts";
import type { Identity } from "../../../lib/identity.ts";
import { assertSameRequest, fingerprint } from "../storage/idempotency.ts";
import { transition, type OnTransition } from "../order.machine.ts";
import type { OrderRepository } from "../storage/order.repository.ts";
import { priceReturn } from "./return.pricing.ts";
import type { Line } from "../placement/order.pricing.ts";
import { ReturnRepository, type Decision } from "./return.repository.ts";

export interface ReturnParams {
	/** Of the order. */
	id: string;
	items: Line[];
	reason: string;
	idempotency_key: string;
}

interface Requested {
	return: Return;
	replayed: boolean;
}

const route = "POST /orders/{id}/returns";

/**
 * Returns of delivered orders. A request only changes the order; once staff approve it, its saga refunds,
 * restocks and publishes the event, in this sequence.
 */
export class Returns {
	readonly #db: Database;
	readonly #orders: OrderRepository;
	readonly #returns: ReturnRepository;
	readonly #onTransition: OnTransition;

	constructor(db: Database, orders: OrderRepository, onTransition: OnTransition) {
		this.#db = db;
		this.#orders = orders;
		this.#returns = new ReturnRepository(db);
		this.#onTransition = onTransition;
	}

	/**
	 * For the order's owner only.
	 * @throws NOT_FOUND; ILLEGAL_TRANSITION unless it is delivered and no other return is open;
	 *   VALIDATION_FAILED, RETURN_EXCEEDS_ORDER, IDEMPOTENCY_KEY_REUSED
	 */
	async request(params: ReturnParams, owner: Identity): Promise<Requested> {
		const { id, items, reason, idempotency_key: key } = params;
		const request = { principal: owner.id, route, key, hash: fingerprint(id, items, reason) };
		const find = () => this.#orders.findAnswer<Return>(request);
		const stored = await find();
		if (stored) return { return: assertSameRequest(stored, request).answer, replayed: true };
		const made = await this.#db.transaction(async tx => {
			const order = await this.#orders.lock(id, owner.id, tx);
			// A concurrent request with the same key came first while this one waited for the lock.
			const concurrent = await this.#orders.findAnswer<Return>(request, tx);
			if (concurrent)
				return { return: assertSameRequest(concurrent, request).answer, replayed: true };
			const answer = await this.#insertRequested(order, params, owner, tx);
			await this.#orders.storeAnswer(request, id, answer, tx);
			await failpoint("order.request_return.before_commit");
			return { return: answer, replayed: false };
		});
		await failpoint("order.request_return.after_commit");
		if (!made.replayed) this.#onTransition("return_requested");
		return made;
	}

	/** @param owner only of this user's order, or of anyone's when undefined. @throws NOT_FOUND */
	async list(orderId: string, owner: string | undefined): Promise<Return[]> {
		await this.#orders.get(orderId, owner);
		return this.#returns.ofOrder(orderId);
	}

	/** @throws NOT_FOUND */
	async get(id: string, owner: string | undefined): Promise<Return> {
		return (await this.#returns.get(id, owner)) ?? fail("NOT_FOUND");
	}

	/** A repetition changes nothing. @throws NOT_FOUND, ILLEGAL_TRANSITION once it is rejected */
	async approve(id: string, decision: Decision, actor: Identity): Promise<Return> {
		const approved = await this.#decide(id, async (order, found, tx) => {
			if (found.status !== "requested")
				return found.restock === decision.restock ? found : refuse(found, "approved otherwise");
			await this.#orders.insertSaga(order.id, "return", tx);
			const decided = await this.#returns.decide(id, "approved", decision, actor, tx);
			await failpoint("order.approve_return.before_commit");
			return decided;
		});
		await failpoint("order.approve_return.after_commit");
		return approved;
	}

	/** A repetition changes nothing. @throws NOT_FOUND, ILLEGAL_TRANSITION once it is approved */
	async reject(id: string, note: string, actor: Identity): Promise<Return> {
		let isNew = false;
		const rejected = await this.#decide(id, async (order, found, tx) => {
			if (found.status === "rejected") return found;
			if (found.status !== "requested") return refuse(found, "rejected");
			isNew = true;
			const step = transition(order.status, "return_rejected");
			await this.#orders.record(order, step, { actor, why: note, returning: found }, tx);
			return this.#returns.decide(id, "rejected", { restock: null, note }, actor, tx);
		});
		if (isNew) this.#onTransition("return_rejected");
		return rejected;
	}

	async #insertRequested(
		order: Order,
		{ items, reason }: ReturnParams,
		actor: Identity,
		tx: Transaction
	): Promise<Return> {
		const step = transition(order.status, "return_requested");
		const before = await this.#returns.itemsBefore(order.id, tx);
		const priced = priceReturn(order, before, items);
		const requested = await this.#returns.insert(newId(), order.id, priced, reason, tx);
		await this.#orders.record(order, step, { actor, why: reason, returning: requested }, tx);
		return requested;
	}

	/** Under the lock of the order, like every change of it; the return is read again after locking. */
	#decide(
		id: string,
		work: (order: Order, found: Return, tx: Transaction) => Promise<Return>
	): Promise<Return> {
		return this.#db.transaction(async tx => {
			const { order_id } = (await this.#returns.get(id, undefined, tx)) ?? fail("NOT_FOUND");
			const order = await this.#orders.lock(order_id, undefined, tx);
			return work(order, (await this.#returns.get(id, undefined, tx))!, tx);
		});
	}
}

function refuse({ status }: Return, attempted: string): never {
	return fail("ILLEGAL_TRANSITION", `A return that is ${status} cannot be ${attempted}`);
}
