import type { ServiceBroker } from "moleculer";
import type { order as contract, Address, Order } from "../../../contracts/order.ts";
import { product } from "../../../contracts/product.ts";
import type { Database } from "../../../db/database.ts";
import { Batcher } from "../../../lib/batcher.ts";
import { fail, Failure } from "../../../lib/errors.ts";
import { newId } from "../../../lib/id.ts";
import type { Identity } from "../../../lib/identity.ts";
import { call, type Params } from "../../../lib/service.ts";
import { refusedBySql, sqlState } from "../../../lib/database-error.ts";
import { alpha2Country } from "../../../lib/validator.ts";
import type { Backlog } from "./backlog.ts";
import { fingerprint, replayAnswer } from "../storage/idempotency.ts";
import type { OnTransition } from "../order.machine.ts";
import { checkExpected, checkKnown, mergeLines, priceItems, priceTotals } from "./order.pricing.ts";
import type { PricingTable, Quote } from "./order.pricing.ts";
import { eventData, withTimes, type Draft } from "../storage/order.record.ts";
import type { IdempotentRequest, OrderRepository } from "../storage/order.repository.ts";
import { placedRows, placeOrders, placeOrdersWithinLimit } from "../storage/order.statements.ts";

type PlaceParams = Params<typeof contract.actions.place>;

interface PlacementRequest {
	draft: Draft;
	payment_method: string;
	request: IdempotentRequest;
	actor: Identity;
	/** Of the request, for its events. */
	traceparent: string | undefined;
}

export interface Placed {
	order: Order;
	/** True when the key was used before: `order` is the stored response. */
	replayed: boolean;
}

/** A new order: its saga starts here, in this incarnation of Postgres. */
export interface NewOrder extends Placed {
	replayed: false;
	incarnation: string | null;
}

interface StoredOrder {
	id: string;
	/** Null when the user has too many open orders. */
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

const route = "POST /orders";

function toAddress({
	street,
	city,
	state,
	zip,
	country
}: PlaceParams["shipping_address"]): Address {
	return { street, city, state: state ?? null, zip, country: alpha2Country(country)! };
}

const toRow = ({ draft, request, payment_method, actor, traceparent }: PlacementRequest) => ({
	id: draft.id,
	user_id: draft.user_id,
	key: request.key,
	hash: request.hash,
	answer: JSON.stringify(draft),
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

/** Quotes, prices and stores new orders, many in one statement. */
export class Placement {
	readonly #broker: ServiceBroker;
	readonly #db: Database;
	readonly #orders: OrderRepository;
	readonly #options: PlacementOptions;

	constructor(
		broker: ServiceBroker,
		db: Database,
		orders: OrderRepository,
		options: PlacementOptions
	) {
		this.#broker = broker;
		this.#db = db;
		this.#orders = orders;
		this.#options = options;
	}

	readonly #quote = new Batcher<string[], Map<string, Quote>>({
		maxWeight: 1000,
		weigh: ids => ids.length,
		run: async baskets => {
			const product_ids = [...new Set(baskets.flat())];
			const { quotes } = await call(
				this.#broker,
				product.actions.quote,
				{ product_ids },
				{ retries: 2 }
			);
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
				[route, nodeId, leaseMs, maxOpen || null, ...placedRows.values(batch.map(toRow))]
			);
			this.#options.onTransition("pending", rows.filter(row => row.created_at !== null).length);
			const stored = new Map(rows.map(row => [row.id, row]));
			return batch.map(({ draft }) => stored.get(draft.id) ?? null);
		}
	});

	/**
	 * Stores an order, or returns the one that its key has placed before.
	 * @throws UNKNOWN_PRODUCT, MIXED_CURRENCIES, AMOUNT_TOO_LARGE, VALIDATION_FAILED, PRICE_CHANGED,
	 *   IDEMPOTENCY_KEY_REUSED, IDEMPOTENCY_KEY_IN_USE, TOO_MANY_OPEN_ORDERS,
	 *   OVERLOADED while the backlog is full
	 */
	async place(
		params: PlaceParams,
		owner: string,
		actor: Identity,
		traceparent?: string
	): Promise<NewOrder | Placed> {
		const { items, shipping_address, payment_method, expected_total } = params;
		const { idempotency_key: key } = params;
		const address = Object.entries(shipping_address).sort();
		const expected = expected_total ? [expected_total.amount, expected_total.currency] : [];
		const hash = fingerprint(items, address, payment_method, ...expected);
		const request = { principal: owner, route, key, hash };
		if (this.#options.backlog.isFull)
			return this.#replayOrThrow(request, new Failure("OVERLOADED"));
		const draft = await this.#draft(owner, params).catch(error =>
			this.#replayOrThrow(request, error)
		);
		if ("replayed" in draft) return draft;
		const storedOrder = await this.#store
			.add({ draft, payment_method, request, actor, traceparent })
			.catch(error => this.#recoverUnknownCommit(draft.id, request, error));
		if (!storedOrder) return this.#replay(request);
		const { created_at, incarnation } = storedOrder;
		if (!created_at) return this.#replayOrThrow(request, new Failure("TOO_MANY_OPEN_ORDERS"));
		return { order: withTimes(draft, created_at), replayed: false, incarnation };
	}

	async #draft(
		owner: string,
		{ items, shipping_address, expected_total }: PlaceParams
	): Promise<Draft> {
		const address = toAddress(shipping_address);
		const quotes = await this.#quote.add(items.map(item => item.product_id));
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

	async #replay(request: IdempotentRequest): Promise<Placed> {
		const stored = await this.#orders.findAnswer(request);
		return {
			order: replayAnswer(stored ?? fail("IDEMPOTENCY_KEY_IN_USE"), request),
			replayed: true
		};
	}

	/**
	 * A commit whose connection broke has an unknown outcome: the order is looked up by its key. The incarnation
	 * is unknown then, so its saga starts over.
	 */
	async #recoverUnknownCommit(
		id: string,
		request: IdempotentRequest,
		error: unknown
	): Promise<StoredOrder> {
		// `lock_not_available`: the first request with this key has not committed for 2 s.
		if (sqlState(error) === "55P03") fail("IDEMPOTENCY_KEY_IN_USE");
		if (error instanceof Failure || refusedBySql(error)) throw error;
		const stored = await this.#orders.findAnswer(request).catch(() => undefined);
		if (stored?.order_id !== id) throw error;
		return { id, created_at: stored.created_at, incarnation: null };
	}

	/** Products of the first request may not be sold any more; a repeated request still gets its response. */
	async #replayOrThrow(request: IdempotentRequest, error: unknown): Promise<Placed> {
		const stored = await this.#orders.findAnswer(request);
		if (!stored) throw error;
		return { order: replayAnswer(stored, request), replayed: true };
	}
}
