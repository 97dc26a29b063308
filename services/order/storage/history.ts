import type { Order, OrderEvent } from "../../../contracts/order.ts";
import type { Database } from "../../../db/database.ts";
import { fail } from "../../../lib/errors.ts";
import { forCustomer, orderFromHistory, toEvent, type HistoryRow } from "./order.record.ts";

/** Reads of an order's history, and of the order as of a time. */
export class OrderHistory {
	readonly #db: Database;

	constructor(db: Database) {
		this.#db = db;
	}

	/** @param owner only of this user's order, or of anyone's when undefined. @throws NOT_FOUND */
	async events(id: string, owner: string | undefined): Promise<OrderEvent[]> {
		const events = (await this.#rows(id, owner, null)).map(toEvent);
		return owner === undefined ? events : events.map(forCustomer);
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
				text: `select h.*, o.limited_items from orders.history h join orders.orders o on o.id = h.order_id
					where o.id = $1 and ($2::text is null or o.user_id = $2)
						and ($3::timestamptz is null or date_trunc('milliseconds', h.at) <= $3)
					order by h.version`
			},
			[id, owner, until]
		);
		return rows.length > 0 ? rows : fail("NOT_FOUND");
	}
}
