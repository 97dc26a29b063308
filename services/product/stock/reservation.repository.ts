import type { Params } from "../../../lib/service.ts";
import type { product, ReservationState } from "../../../contracts/product.ts";
import type { Database, Statement } from "../../../db/database.ts";
import { sqlState } from "../../../lib/database-error.ts";
import {
	insertTombstones,
	commit,
	lock,
	orderLines,
	release,
	reserve,
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
}

/** By order id as Postgres returns it, in lower case. */
type States = Map<string, ReservationState>;

const defaultTtlMs = 15 * 60_000;

const linesOf = (orders: StockOrder[]) =>
	orders.flatMap(({ order_id, lines }, position) =>
		lines.map(line => ({ ...line, order_id, position }))
	);

function inRequestOrder(orderIds: string[], states: States): Outcome[] {
	return orderIds.map(order_id => ({
		order_id,
		state: states.get(order_id.toLowerCase()) ?? "absent"
	}));
}

/**
 * Reservations of orders. Every method takes many orders, returns one outcome per order in the same order, and
 * returns the recorded result when it is repeated. That is what the head row is for, which outlives the
 * reservation (docs/promises.md, P2). Orders lock at once, and saga.decisions.ts chooses `commit` or `release`; only
 * holds expire.
 */
export class ReservationRepository {
	readonly #pg: Database;
	readonly #threshold: number;

	/** @param threshold of low stock, in units */
	constructor(pg: Database, threshold: number) {
		this.#pg = pg;
		this.#threshold = threshold;
	}

	async reserve({ orders, lock, ttl_ms = defaultTtlMs }: Reserve): Promise<Outcome[]> {
		const states: States = new Map();
		let open = [...new Map(orders.map(order => [order.order_id.toLowerCase(), order])).values()];
		while (open.length > 0) {
			const ids = open.map(({ order_id }) => order_id);
			const lines = orderLines.values(linesOf(open));
			await this.#run(reserve, [ids, lock ? "locked" : "held", ttl_ms, ...lines], states);
			open = open.filter(({ order_id }) => !states.has(order_id.toLowerCase()));
		}
		return inRequestOrder(
			orders.map(({ order_id }) => order_id),
			states
		);
	}

	async lock(orderIds: string[]): Promise<Outcome[]> {
		return inRequestOrder(orderIds, await this.#run(lock, [orderIds]));
	}

	async commit(orderIds: string[]): Promise<Outcome[]> {
		return inRequestOrder(orderIds, await this.#run(commit, [orderIds, this.#threshold]));
	}

	/** An order without a reservation gets a tombstone, which a late reserve finds. */
	async release(orderIds: string[]): Promise<Outcome[]> {
		const states = await this.#run(release, [orderIds]);
		const unknown = orderIds.filter(id => !states.has(id.toLowerCase()));
		if (unknown.length > 0) {
			await this.#pg.deferred(insertTombstones, [[...new Set(unknown)]]);
			await this.#run(release, [unknown], states);
		}
		return inRequestOrder(orderIds, states);
	}

	/** On disk when it resolves: no later step of the order would flush it. */
	async restock(orderIds: string[]): Promise<Outcome[]> {
		const rows = await this.#pg.query<Outcome>(restock, [orderIds]);
		return inRequestOrder(orderIds, new Map(rows.map(row => [row.order_id, row.state])));
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

	async #run(statement: Statement, values: unknown[], states: States = new Map()): Promise<States> {
		for (const row of await this.#pg.deferred<Outcome>(statement, values))
			states.set(row.order_id, row.state);
		return states;
	}
}
