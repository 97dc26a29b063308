import type { Params } from "../../../lib/service.ts";
import type { LimitedItem, product, ReservationState } from "../../../contracts/product.ts";
import type { Database, Statement } from "../../../db/database.ts";
import { sqlState } from "../../../lib/database-error.ts";
import {
	insertTombstones,
	commit,
	lock,
	orderLines,
	release,
	reserve,
	reserveWithinShare,
	restock,
	sweep,
	restockReturn,
	returnLines
} from "./stock.statements.ts";

type Reserve = Params<typeof product.actions.reserve>;
type RestockReturn = Params<typeof product.actions.restockReturn>;
export type StockOrder = Reserve["orders"][number];

export interface Outcome {
	order_id: string;
	state: ReservationState;
	/** Of a reservation that was refused because of its customer's share. */
	limited_items?: LimitedItem[];
}

interface OutcomeRow extends Omit<Outcome, "limited_items"> {
	limited_items?: LimitedItem[] | null;
}

/** By order id as Postgres returns it, in lower case. */
type Outcomes = Map<string, Omit<Outcome, "order_id">>;

const defaultTtlMs = 15 * 60_000;

const linesOf = (orders: StockOrder[]) =>
	orders.flatMap(({ order_id, user_id, lines }, position) =>
		lines.map(line => ({ ...line, order_id, user_id, position }))
	);

function inRequestOrder(orderIds: string[], outcomes: Outcomes): Outcome[] {
	return orderIds.map(order_id => ({
		order_id,
		...(outcomes.get(order_id.toLowerCase()) ?? { state: "absent" })
	}));
}

const toOutcome = ({ state, limited_items }: OutcomeRow): Omit<Outcome, "order_id"> =>
	limited_items ? { state, limited_items } : { state };

/** Limits of reservations. */
export interface StockLimits {
	/** Admins are told when the units on hand fall to this many. */
	lowStock: number;
	/** Percentage of a product's units on hand that one customer may have in unpaid orders; 0 for no limit. */
	maxUnpaidPercent: number;
}

/**
 * Reservations of orders. Every method takes many orders, returns one outcome per order in the same order, and
 * returns the recorded result when it is repeated. That is what the head row is for, which outlives the
 * reservation (docs/promises.md, P2). Orders lock at once, and saga.decisions.ts chooses `commit` or `release`; only
 * holds expire.
 */
export class ReservationRepository {
	readonly #pg: Database;
	readonly #limits: StockLimits;

	constructor(pg: Database, limits: StockLimits) {
		this.#pg = pg;
		this.#limits = limits;
	}

	async reserve({ orders, lock, ttl_ms = defaultTtlMs }: Reserve): Promise<Outcome[]> {
		const { maxUnpaidPercent } = this.#limits;
		const statement = maxUnpaidPercent > 0 ? reserveWithinShare : reserve;
		const first = [lock ? "locked" : "held", ttl_ms, maxUnpaidPercent || null];
		const outcomes: Outcomes = new Map();
		let open = [...new Map(orders.map(order => [order.order_id.toLowerCase(), order])).values()];
		while (open.length > 0) {
			const ids = open.map(({ order_id }) => order_id);
			const lines = orderLines.values(linesOf(open));
			await this.#run(statement, [ids, ...first, ...lines], outcomes);
			open = open.filter(({ order_id }) => !outcomes.has(order_id.toLowerCase()));
		}
		return inRequestOrder(
			orders.map(({ order_id }) => order_id),
			outcomes
		);
	}

	async lock(orderIds: string[]): Promise<Outcome[]> {
		return inRequestOrder(orderIds, await this.#run(lock, [orderIds]));
	}

	async commit(orderIds: string[]): Promise<Outcome[]> {
		return inRequestOrder(orderIds, await this.#run(commit, [orderIds, this.#limits.lowStock]));
	}

	/** An order without a reservation gets a tombstone, which a late reserve finds. */
	async release(orderIds: string[]): Promise<Outcome[]> {
		const outcomes = await this.#run(release, [orderIds]);
		const unknown = orderIds.filter(id => !outcomes.has(id.toLowerCase()));
		if (unknown.length > 0) {
			await this.#pg.deferred(insertTombstones, [[...new Set(unknown)]]);
			await this.#run(release, [unknown], outcomes);
		}
		return inRequestOrder(orderIds, outcomes);
	}

	/** On disk when it resolves: no later step of the order would flush it. */
	async restock(orderIds: string[]): Promise<Outcome[]> {
		const rows = await this.#pg.query<OutcomeRow>(restock, [orderIds]);
		return inRequestOrder(orderIds, new Map(rows.map(row => [row.order_id, toOutcome(row)])));
	}

	/** False when these units were not sold, or were restocked with the whole order. */
	async restockReturn({ return_id, order_id, lines }: RestockReturn): Promise<boolean> {
		try {
			const values = [return_id, order_id, ...returnLines.values(lines)];
			return (await this.#pg.query(restockReturn, values)).length > 0;
		} catch (error) {
			// 23514 check, 23503 foreign key: more than was bought, or something else.
			if (["23514", "23503"].includes(sqlState(error) ?? "")) return false;
			throw error;
		}
	}

	/** Releases at most `limit` expired holds; returns how many it found. */
	async sweep(limit: number): Promise<number> {
		return (await this.#pg.query(sweep, [limit])).length;
	}

	async #run(
		statement: Statement,
		values: unknown[],
		outcomes: Outcomes = new Map()
	): Promise<Outcomes> {
		for (const row of await this.#pg.deferred<OutcomeRow>(statement, values))
			outcomes.set(row.order_id, toOutcome(row));
		return outcomes;
	}
}
