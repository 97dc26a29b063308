import type { ServiceBroker } from "moleculer";
import { order as contract, type Order } from "../../../contracts/order.ts";
import { product } from "../../../contracts/product.ts";
import type { Database } from "../../../db/database.ts";
import { Batcher } from "../../../lib/batcher.ts";
import { Failure } from "../../../lib/errors.ts";
import { newId } from "../../../lib/id.ts";
import type { Identity } from "../../../lib/identity.ts";
import { call, type Params } from "../../../lib/service.ts";
import { firstSampled } from "../../../lib/tracing/traceparent.ts";
import { refusedBySql } from "../../../lib/database-error.ts";
import {
	type Idempotency,
	type StoredRequest,
	whenFree
} from "../../../idempotency/idempotency.ts";
import type { KeyedRequest } from "../../../idempotency/keyed-request.ts";
import type { Backlog } from "./backlog.ts";
import type { OnTransition } from "../order.machine.ts";
import { checkExpected, checkKnown, mergeLines, priceItems, priceTotals } from "./order.pricing.ts";
import type { PricingTable, Quote } from "./order.pricing.ts";
import { toAddress } from "./shipping-address.ts";
import { eventData, withTimes, type Draft } from "../storage/order.record.ts";
import { placedRows, placeOrders, placeOrdersWithinLimit } from "../storage/order.statements.ts";

type PlaceParams = Params<typeof contract.actions.place>;

interface PlacementRequest {
	draft: Draft;
	payment_method: string;
	request: KeyedRequest;
	/** The draft is the response. False while the caller waits for an outcome: then that is. */
	isAnswered: boolean;
	actor: Identity;
	/** Of the request, for its events. */
	traceparent: string | undefined;
}

export interface Placed {
	order: Order;
	/** True when the key was used before: `order` is the stored response. */
	replayed: boolean;
	/** False while no response was returned under this key. */
	isAnswered: boolean;
}

/** A new order: its saga starts here, in this incarnation of Postgres. */
export interface NewOrder extends Placed {
	replayed: false;
	incarnation: string | null;
	payment_method: string;
	/** Of the request. */
	traceparent: string | undefined;
}

interface StoredOrder {
	id: string;
	/** `refused`: the user has too many open orders. `in_use`: another request has the key. */
	outcome: "placed" | "refused" | "in_use";
	/** Null unless it was placed. */
	created_at: Date | null;
	incarnation: string | null;
}

export interface PlacementOptions {
	nodeId: string;
	leaseMs: number;
	pricing: PricingTable;
	/** While it is full no new order is accepted. */
	backlog: Backlog;
	/** Orders a user may have open, 0 for no limit. */
	maxOpen: number;
	/** Units of one product in an order. */
	maxQuantity: number;
	onTransition: OnTransition;
}

const toRow = ({
	draft,
	request,
	isAnswered,
	payment_method,
	actor,
	traceparent
}: PlacementRequest) => ({
	id: draft.id,
	user_id: draft.user_id,
	key: request.key,
	hash: request.hash,
	answer: JSON.stringify(draft),
	is_answered: isAnswered,
	items: JSON.stringify(draft.items),
	address: JSON.stringify(draft.shipping_address),
	method: payment_method,
	currency: draft.totals.total.currency,
	subtotal: draft.totals.subtotal.amount,
	shipping: draft.totals.shipping.amount,
	tax: draft.totals.tax.amount,
	data: JSON.stringify(eventData(draft, { to: "pending", reason: null })),
	actor: JSON.stringify(actor),
	trace: traceparent
});

/** Of which products prices are wanted, in which trace. */
interface Basket {
	ids: string[];
	traceparent: string | undefined;
}

/** Quotes, prices and stores new orders, many in one statement. */
export class Placement {
	readonly #broker: ServiceBroker;
	readonly #db: Database;
	readonly #idempotency: Idempotency;
	readonly #options: PlacementOptions;

	constructor(
		broker: ServiceBroker,
		db: Database,
		idempotency: Idempotency,
		options: PlacementOptions
	) {
		this.#broker = broker;
		this.#db = db;
		this.#idempotency = idempotency;
		this.#options = options;
	}

	readonly #quote = new Batcher<Basket, Map<string, Quote>>({
		maxWeight: 1000,
		weigh: ({ ids }) => ids.length,
		run: async baskets => {
			const product_ids = [...new Set(baskets.flatMap(({ ids }) => ids))];
			// As in a step of the saga, the call is part of one trace at most.
			const traceparent = firstSampled(baskets.map(one => one.traceparent));
			const options = { retries: 2, ...(traceparent && { meta: { traceparent } }) };
			const { quotes } = await call(this.#broker, product.actions.quote, { product_ids }, options);
			const byId = new Map(quotes.map(quote => [quote.product_id, quote]));
			return baskets.map(() => byId);
		}
	});

	/** Returns null when the key was taken. */
	readonly #store = new Batcher<PlacementRequest, StoredOrder | null>({
		retryAlone: refusedBySql,
		run: async batch => {
			const { maxOpen, nodeId, leaseMs } = this.#options;
			const rows = await this.#db.query<StoredOrder>(
				maxOpen > 0 ? placeOrdersWithinLimit : placeOrders,
				[
					contract.actions.place.name,
					nodeId,
					leaseMs,
					maxOpen || null,
					...placedRows.values(batch.map(toRow))
				]
			);
			this.#options.onTransition(
				"pending",
				rows.filter(({ outcome }) => outcome === "placed").length
			);
			const stored = new Map(rows.map(row => [row.id, row]));
			return batch.map(({ draft }) => stored.get(draft.id) ?? null);
		}
	});

	/**
	 * Stores an order, or returns the one that its key has placed before.
	 * @throws UNKNOWN_PRODUCT, MIXED_CURRENCIES, CURRENCY_NOT_PAYABLE, SHIPPING_NOT_PRICED, AMOUNT_TOO_SMALL,
	 *   AMOUNT_TOO_LARGE, VALIDATION_FAILED, PRICE_CHANGED,
	 *   IDEMPOTENCY_KEY_REUSED, IDEMPOTENCY_KEY_IN_USE, TOO_MANY_OPEN_ORDERS,
	 *   OVERLOADED while the backlog is full
	 */
	async place(
		params: PlaceParams,
		request: KeyedRequest,
		actor: Identity,
		traceparent?: string
	): Promise<NewOrder | Placed> {
		const { payment_method, wait_s = 0 } = params;
		const isAnswered = wait_s === 0;
		if (this.#options.backlog.isFull)
			return this.#replayOrThrow(request, new Failure("OVERLOADED"));
		const draft = await this.#draft(actor.id, params, traceparent).catch(error =>
			this.#replayOrThrow(request, error)
		);
		if ("replayed" in draft) return draft;
		const row = { draft, payment_method, request, isAnswered, actor, traceparent };
		const storedOrder = await whenFree(() => this.#storeOrder(row));
		if (!storedOrder) return replay(await this.#idempotency.first(request));
		const { created_at, incarnation } = storedOrder;
		if (!created_at) return this.#replayOrThrow(request, new Failure("TOO_MANY_OPEN_ORDERS"));
		const order = withTimes(draft, created_at);
		return { order, replayed: false, isAnswered, incarnation, payment_method, traceparent };
	}

	async #draft(
		owner: string,
		{ items, shipping_address, expected_total }: PlaceParams,
		traceparent: string | undefined
	): Promise<Draft> {
		const address = toAddress(shipping_address, this.#options.pricing);
		const quotes = await this.#quote.add({
			ids: items.map(item => item.product_id),
			traceparent
		});
		checkKnown(items, quotes);
		const priced = priceItems(mergeLines(items, this.#options.maxQuantity), quotes);
		const totals = priceTotals(priced, address, this.#options.pricing);
		checkExpected(totals, expected_total);
		return {
			id: newId(),
			user_id: owner,
			status: "pending",
			reason: null,
			items: priced,
			totals,
			shipping_address: address,
			payment: null,
			shipment: null,
			version: 1
		};
	}

	/** Null when the key was taken. */
	async #storeOrder(row: PlacementRequest): Promise<StoredOrder | "in_use" | null> {
		const stored = await this.#store
			.add(row)
			.catch(error => this.#recoverUnknownCommit(row.draft.id, row.request, error));
		return stored?.outcome === "in_use" ? "in_use" : stored;
	}

	/**
	 * A commit whose connection broke has an unknown outcome: the order is looked up by its key, which another
	 * request may have taken. The incarnation is unknown then, so its saga starts over.
	 */
	async #recoverUnknownCommit(
		id: string,
		request: KeyedRequest,
		error: unknown
	): Promise<StoredOrder | null> {
		if (error instanceof Failure || refusedBySql(error)) throw error;
		const stored = await this.#find(request).catch(() => undefined);
		if (!stored) throw error;
		if (stored.subject !== id) return null;
		return { id, outcome: "placed", created_at: stored.created_at, incarnation: null };
	}

	/** Products of the first request may not be sold any more; a repeated request still gets its response. */
	async #replayOrThrow(request: KeyedRequest, error: unknown): Promise<Placed> {
		const stored = await this.#find(request);
		if (!stored) throw error;
		return replay(stored);
	}

	#find(request: KeyedRequest): Promise<StoredRequest<StoredAnswer> | undefined> {
		return this.#idempotency.find(request);
	}
}

/** A new order's response is stored before its times are known; they are last in its representation. */
type StoredAnswer = Draft | Order;

/** The stored response with its members in their order: the bytes are those of the first one. */
function replay({ answer, created_at: at, is_answered }: StoredRequest<StoredAnswer>): Placed {
	const order = "created_at" in answer ? answer : withTimes(answer, at);
	return { order, replayed: true, isAnswered: is_answered };
}
