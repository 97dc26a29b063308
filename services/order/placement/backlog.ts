import type { Database } from "../../../db/database.ts";

/**
 * How many orders are to be worked on, so that no more are taken than can be kept track of while the
 * provider is away. The poller counts about every `SAGA_POLL_MS`, and no further than the limit;
 * what is placed between two counts comes on top.
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
	 * Only what the shop or its provider has to work on counts. A human may take days, and a customer at
	 * their bank's page as long as they like: a few dozen of them would keep all others from buying.
	 */
	async refresh(): Promise<void> {
		const rows = await this.#db.query<{ count: number }>(
			{
				name: "count_backlog",
				text: `select count(*)::int as count from (
					select from orders.saga
					where coalesce(waits_for, '') not in ('human', 'customer') limit $1 + 1) as waiting`
			},
			[this.#limit]
		);
		this.#isFull = rows[0]!.count > this.#limit;
	}
}
