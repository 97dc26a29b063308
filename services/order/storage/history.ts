import type { order, Order, OrderEvent } from "../../../contracts/order.ts";
import { Version } from "../../../contracts/values.ts";
import type { Database, Statement } from "../../../db/database.ts";
import { fail } from "../../../lib/errors.ts";
import { jsonBytes, KeysetList } from "../../../lib/keyset.ts";
import type { Params, Result } from "../../../lib/service.ts";
import {
	forCustomer,
	orderFromHistory,
	historyColumns,
	toEvent,
	type HistoryRow
} from "./order.record.ts";

type Actions = typeof order.actions;

const mostEvents = 100;

const eventsOf = (id: string) =>
	new KeysetList<OrderEvent, typeof Version>({
		name: `events of ${id}`,
		value: Version,
		keysetOf: ({ version }) => ({ value: version, id }),
		bytesOf: jsonBytes
	});

/** One row without a version, if the order has no later event. */
const pageOfEvents: Statement = {
	name: "order_events",
	text: `select ${historyColumns("h")} from orders.orders o left join lateral (
			select * from orders.history where order_id = o.id and version > $3 order by version limit $4
		) h on true
		where o.id = $1 and ($2::text is null or o.user_id = $2) order by h.version`
};

/** Reads of an order's history, and of the order as of a time. */
export class OrderHistory {
	readonly #db: Database;

	constructor(db: Database) {
		this.#db = db;
	}

	/**
	 * A page of the events of an order, oldest first.
	 * @param owner only of this user's order, or of anyone's when undefined
	 * @throws NOT_FOUND, VALIDATION_FAILED
	 */
	async events(
		{ id, limit = mostEvents, cursor }: Params<Actions["events"]>,
		owner: string | undefined
	): Promise<Result<Actions["events"]>> {
		const list = eventsOf(id);
		const after = list.after(cursor)?.value ?? 0;
		const values = [id, owner, after, limit + 1];
		const rows = await this.#db.query<HistoryRow | { version: null }>(pageOfEvents, values);
		if (rows.length === 0) fail("NOT_FOUND");
		const events = rows.flatMap(row => (row.version === null ? [] : [toEvent(row)]));
		return list.page(owner === undefined ? events : events.map(forCustomer), limit);
	}

	/**
	 * The order as `get` returned it then, without its payment. Times are shown in milliseconds, so changes
	 * within the requested millisecond are included.
	 * @throws NOT_FOUND also before the order was placed
	 */
	async at(id: string, owner: string | undefined, instant: string): Promise<Order> {
		return orderFromHistory(await this.#rows(id, owner, instant));
	}

	async #rows(id: string, owner: string | undefined, until: string | null): Promise<HistoryRow[]> {
		const rows = await this.#db.query<HistoryRow>(
			{
				name: "order_history",
				text: `select ${historyColumns("h")}, o.limited_items from orders.history h join orders.orders o on o.id = h.order_id
					where o.id = $1 and ($2::text is null or o.user_id = $2)
						and ($3::timestamptz is null or date_trunc('milliseconds', h.at) <= $3)
					order by h.version`
			},
			[id, owner, until]
		);
		return rows.length > 0 ? rows : fail("NOT_FOUND");
	}
}
