import type { order, Order } from "../../../contracts/order.ts";
import { staff } from "../../../contracts/roles.ts";
import type { Database, Statement } from "../../../db/database.ts";
import { requireRole } from "../../../lib/access.ts";
import { invalid } from "../../../lib/errors.ts";
import { instantOf } from "../../../lib/instant.ts";
import { beforeNewest, jsonBytes, listById } from "../../../lib/keyset.ts";
import type { Params } from "../../../lib/service.ts";
import { maxClockSkewMs } from "../../../streams/clock-skew.ts";
import { toOrder, type OrderRow } from "./order.record.ts";
import { shownColumns } from "./order.repository.ts";

type List = Params<typeof order.actions.list>;

/** What a list has of all orders; undefined members limit nothing. */
interface Filter {
	user_id: string | undefined;
	status: List["status"];
	/** ISO 8601 in UTC; the beginning is included, the end is not. */
	time: { from: string; to: string } | undefined;
}

/** `time`, which has three parameters, is the last one. */
const columns = ["user_id", "status", "time"] as const;

/** Times of orders are those of the database; the ids hold those of the nodes, by which no other index is needed. */
const timeFrom = (n: number) =>
	`id >= $${n} and created_at >= $${n + 1}::timestamptz and created_at < $${n + 2}::timestamptz`;

/**
 * A page of orders that have these values, with the newest first; ids are UUIDv7. A statement for each set of filters:
 * one that has all of them, and null for those that are not asked, cannot use the index of any. `is true` keeps the
 * planner from the index by status where the user is given: while the table is empty it seems as good as the index by
 * user, and a session that keeps this plan reads the orders of all users.
 */
function listBy(filters: readonly string[]): Statement {
	const conditionOf = (column: string, n: number) => {
		if (column === "time") return timeFrom(n);
		return column === "status" && filters.includes("user_id")
			? `(${column} = $${n}) is true`
			: `${column} = $${n}`;
	};
	const conditions = filters.map((column, n) => `and ${conditionOf(column, n + 3)}`).join(" ");
	return {
		name: ["list_orders", ...filters].join("_by_"),
		text: `select ${shownColumns} from orders.orders o where id < $1 ${conditions} order by id desc limit $2`
	};
}

/** The least UUIDv7 of an instant. */
export function firstIdAt(ms: number): string {
	const hex = Math.max(0, ms).toString(16).padStart(12, "0");
	return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}

/**
 * The ids of orders between these times. An id has the time of the node that made it, and an order that of the database:
 * one of a node whose clock differs by more than 15 minutes is not found by its time.
 */
export function idsBetween({ from, to }: NonNullable<Filter["time"]>): {
	first: string;
	end: string;
} {
	return {
		first: firstIdAt(Date.parse(from) - maxClockSkewMs),
		end: firstIdAt(Date.parse(to) + maxClockSkewMs)
	};
}

/** Undefined for a list of all times. @throws VALIDATION_FAILED */
export function timeOf({ from, to }: Pick<List, "from" | "to">): Filter["time"] {
	if (from === undefined && to === undefined) return undefined;
	const time = {
		from: instantOf(from ?? "0001-01-01T00:00:00Z", "/from"),
		to: instantOf(to ?? "9999-12-31T23:59:59.999Z", "/to")
	};
	return time.from > time.to ? invalid("/from", "maximum", "must not be after to") : time;
}

/** Staff name a user, or see all; customers see their own orders. @throws FORBIDDEN, VALIDATION_FAILED */
export function filterOf(params: List, owner: string | undefined): Filter {
	const { user_id, status } = params;
	// Only a customer has an owner to be restricted to (lib/identity.ts).
	if (owner !== undefined && user_id !== undefined && user_id !== owner)
		requireRole({ role: "customer" }, staff);
	return { user_id: owner ?? user_id, status, time: timeOf(params) };
}

/** Pages of orders. */
export class OrderList {
	readonly #db: Database;

	constructor(db: Database) {
		this.#db = db;
	}

	/**
	 * @param owner only this user's orders, or anyone's when undefined
	 * @throws FORBIDDEN for another user's orders, VALIDATION_FAILED for a cursor of another list
	 */
	async page(
		params: List,
		owner: string | undefined
	): Promise<{ data: Order[]; next_cursor: string | null }> {
		const { limit = 20, cursor } = params;
		const filter = filterOf(params, owner);
		const { user_id, status, time } = filter;
		const bounds = time ? ` from ${time.from} to ${time.to}` : "";
		const name = `orders of ${user_id} ${status}${bounds}`;
		const list = listById(name, (row: Order) => row.id, jsonBytes);
		const before = list.after(cursor)?.id ?? beforeNewest.id;
		return list.page(await this.#read(filter, before, limit + 1), limit);
	}

	async #read(filter: Filter, before: string, limit: number): Promise<Order[]> {
		const { user_id, status, time } = filter;
		const given = columns.filter(column => filter[column] !== undefined);
		const ids = time && idsBetween(time);
		const rows = await this.#db.query<OrderRow>(listBy(given), [
			ids && ids.end < before ? ids.end : before,
			limit,
			...[user_id, status].filter(value => value !== undefined),
			...(time ? [ids!.first, time.from, time.to] : [])
		]);
		return rows.map(toOrder);
	}
}
