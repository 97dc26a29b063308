import type { order, Order, Return } from "../../../contracts/order.ts";
import type { Database, Transaction } from "../../../db/database.ts";
import { fail } from "../../../lib/errors.ts";
import { failpoint } from "../../../lib/failpoint.ts";
import { newId } from "../../../lib/id.ts";
import type { Identity } from "../../../lib/identity.ts";
import { jsonBytes, listById } from "../../../lib/keyset.ts";
import type { Params, Result } from "../../../lib/service.ts";
import type { Idempotency } from "../../../idempotency/idempotency.ts";
import type { KeyedRequest } from "../../../idempotency/keyed-request.ts";
import { transition, type OnTransition } from "../order.machine.ts";
import type { OrderRepository } from "../storage/order.repository.ts";
import { priceReturn } from "./return.pricing.ts";
import type { Line } from "../placement/order.pricing.ts";
import { ReturnRepository, type Decision } from "./return.repository.ts";

type Actions = typeof order.actions;

const mostReturns = 100;

export interface ReturnParams {
	/** Of the order. */
	id: string;
	items: Line[];
	reason: string;
}

/** The return that is meant, and the request under its idempotency key, if it has one. */
interface DecisionRequest {
	id: string;
	request: KeyedRequest | undefined;
	actor: Identity;
}

interface Answered {
	return: Return;
	replayed: boolean;
}

/**
 * Returns of delivered orders. A request only changes the order; once staff approve it, its saga refunds,
 * restocks and publishes the event, in this sequence.
 */
export class Returns {
	readonly #idempotency: Idempotency;
	readonly #orders: OrderRepository;
	readonly #returns: ReturnRepository;
	readonly #onTransition: OnTransition;

	constructor(
		db: Database,
		idempotency: Idempotency,
		orders: OrderRepository,
		onTransition: OnTransition
	) {
		this.#idempotency = idempotency;
		this.#orders = orders;
		this.#returns = new ReturnRepository(db);
		this.#onTransition = onTransition;
	}

	/**
	 * For the order's owner only.
	 * @throws NOT_FOUND; ILLEGAL_TRANSITION unless it is delivered and no other return is open;
	 *   VALIDATION_FAILED, RETURN_EXCEEDS_ORDER, IDEMPOTENCY_KEY_REUSED
	 */
	async request(params: ReturnParams, request: KeyedRequest, owner: Identity): Promise<Answered> {
		const { answer, replayed } = await this.#idempotency.once(request, async tx => {
			const order = await this.#orders.lock(params.id, owner.id, tx);
			const requested = await this.#insertRequested(order, params, owner, tx);
			await failpoint("order.request_return.before_commit");
			return requested;
		});
		await failpoint("order.request_return.after_commit");
		if (!replayed) this.#onTransition("return_requested");
		return { return: answer, replayed };
	}

	/**
	 * A page of the returns of an order, newest first.
	 * @param owner only of this user's order, or of anyone's when undefined
	 * @throws NOT_FOUND, VALIDATION_FAILED
	 */
	async list(
		{ id: orderId, limit = mostReturns, cursor }: Params<Actions["return.list"]>,
		owner: string | undefined
	): Promise<Result<Actions["return.list"]>> {
		const list = listById(`returns of ${orderId}`, (one: Return) => one.id, jsonBytes);
		const after = list.after(cursor);
		await this.#orders.get(orderId, owner);
		const found = await this.#returns.ofOrder(orderId, after?.id, limit + 1);
		return list.page(owner === undefined ? found : found.map(forCustomer), limit);
	}

	/** @throws NOT_FOUND */
	async get(id: string, owner: string | undefined): Promise<Return> {
		const found = (await this.#returns.get(id, owner)) ?? fail("NOT_FOUND");
		return owner === undefined ? found : forCustomer(found);
	}

	/**
	 * A repetition changes nothing.
	 * @throws NOT_FOUND, ILLEGAL_TRANSITION once it is rejected, IDEMPOTENCY_KEY_REUSED
	 */
	async approve({ id, request, actor }: DecisionRequest, decision: Decision): Promise<Answered> {
		const approved = await this.#decide(id, request, async (order, found, tx) => {
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

	/**
	 * A repetition changes nothing.
	 * @throws NOT_FOUND, ILLEGAL_TRANSITION once it is approved, IDEMPOTENCY_KEY_REUSED
	 */
	async reject({ id, request, actor }: DecisionRequest, note: string): Promise<Answered> {
		let isNew = false;
		const rejected = await this.#decide(id, request, async (order, found, tx) => {
			isNew = false;
			if (found.status === "rejected") return found;
			if (found.status !== "requested") return refuse(found, "rejected");
			isNew = true;
			const step = transition(order.status, "return_rejected");
			await this.#orders.record(order, step, { actor, why: note, returning: found }, tx);
			return this.#returns.decide(id, "rejected", { restock: null, note }, actor, tx);
		});
		if (isNew && !rejected.replayed) this.#onTransition("return_rejected");
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
	async #decide(
		id: string,
		request: KeyedRequest | undefined,
		work: (order: Order, found: Return, tx: Transaction) => Promise<Return>
	): Promise<Answered> {
		const { answer, replayed } = await this.#idempotency.once(request, async tx => {
			const { order_id } = (await this.#returns.get(id, undefined, tx)) ?? fail("NOT_FOUND");
			const order = await this.#orders.lock(order_id, undefined, tx);
			return work(order, (await this.#returns.get(id, undefined, tx))!, tx);
		});
		return { return: answer, replayed };
	}
}

/** A return as its customer sees it: a note on an approval is for staff. */
const forCustomer = (found: Return): Return =>
	found.status === "rejected" ? found : { ...found, note: null };

function refuse({ status }: Return, attempted: string): never {
	return fail("ILLEGAL_TRANSITION", `A return that is ${status} cannot be ${attempted}`);
}
