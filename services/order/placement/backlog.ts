import type { Database } from "../../../db/database.ts";

/**
 * Counts orders in progress, so that no more are accepted than can be handled while the provider is down. The
 * poller counts about every `SAGA_POLL_MS`, and no further than the limit; orders that are placed between two
 * counts are not included. The limit of one customer's open orders is `placeOrdersWithinLimit` in order.statements.ts.
 */
export class Backlog {
	readonly #db: Database;
	readonly #limit: number;
	#isFull = false;

	/** @param limit most orders that wait for the shop or its provider */
	constructor(db: Database, limit: number) {
		this.#db = db;
		this.#limit = limit;
	}

	get isFull(): boolean {
		return this.#isFull;
	}

	/**
	 * Only orders that wait for the shop or its provider count. Staff may take days, a provider as long for a refund,
	 * and customers at their bank's page as long as they like: a few dozen of them would otherwise block all others.
	 */
	async refresh(): Promise<void> {
		const rows = await this.#db.query<{ count: number }>(
			{
				name: "count_backlog",
				text: `select count(*)::int as count from (
					select from orders.saga
					where coalesce(waits_for, '') not in ('human', 'customer', 'refund') limit $1 + 1) as waiting`
			},
			[this.#limit]
		);
		this.#isFull = rows[0]!.count > this.#limit;
	}
}
