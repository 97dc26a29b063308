import type { Sequelize } from "sequelize";
import { AttemptLimiter } from "./attempt-limiter.ts";

/** What is counted by its own keys in the table `users.attempts`. */
export interface CounterOptions {
	name: string;
	/** How many are allowed in a window; 0 for no limit. */
	points: number;
	/** Of the window, which begins with the first. */
	seconds: number;
}

const pageSize = 1000;

/** The counts of attempts, which all nodes share. */
export class AttemptRepository {
	readonly #db: Sequelize;

	constructor(db: Sequelize) {
		this.#db = db;
	}

	/** Counts in one statement each. */
	counter({ name, points, seconds }: CounterOptions): AttemptLimiter {
		return new AttemptLimiter({
			storeClient: this.#db,
			storeType: "sequelize",
			schemaName: "users",
			tableName: "attempts",
			tableCreated: true,
			// The library's own removal deletes without a limit; `purge` does not.
			clearExpiredByTimeout: false,
			keyPrefix: name,
			points,
			duration: seconds
		});
	}

	/** Removes some counts whose window has ended. Returns whether there may be more. */
	async purge(): Promise<boolean> {
		const [, result] = await this.#db.query(
			`delete from users.attempts where key in (
				select key from users.attempts where expire < (extract(epoch from now()) * 1000)::bigint order by expire limit ${pageSize}
			)`
		);
		return (result as { rowCount: number }).rowCount === pageSize;
	}
}
