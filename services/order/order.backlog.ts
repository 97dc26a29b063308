import type { Database } from "../../db/database.ts";

/**
 * How many orders are on their way, so that no more are taken than can be kept track of while the
 * provider is away. The poller counts about every `SAGA_POLL_MS`, and no further than the limit;
 * what is placed between two counts comes on top.
 */
export class Backlog {
	readonly #db: Database;
	readonly #limit: number;
	#isFull = false;

	/** @param limit most orders that are not at rest */
	constructor(db: Database, limit: number) {
		this.#db = db;
		this.#limit = limit;
	}

	get isFull(): boolean {
		return this.#isFull;
	}

	/** Orders that wait for a human do not count: he may take days, and the shop goes on selling. */
	async refresh(): Promise<void> {
		const rows = await this.#db.query<{ count: number }>(
			{
				name: "count_backlog",
				text: `select count(*)::int as count from (
					select from orders.saga where waits_for is distinct from 'human' limit $1 + 1) as waiting`
			},
			[this.#limit]
		);
		this.#isFull = rows[0]!.count > this.#limit;
	}
}
