import { RateLimiterPostgres, RateLimiterRes } from "rate-limiter-flexible";

/** The members of the library's limiter that its types leave out. */
interface Statements {
	_query(statement: { name: string; text: string; values: unknown[] }): Promise<StoredCount>;
}
interface StoredCount {
	rowCount: number;
	rows: { points: number; left_ms: number }[];
}

const nowMs = "(extract(epoch from statement_timestamp()) * 1000)::bigint";
const table = "users.attempts";

const countText = `insert into ${table} as a values ($1, greatest($2, 0), ${nowMs} + $3)
	on conflict (key) do update set
		points = case when a.expire <= ${nowMs} or $4 then excluded.points else a.points + $2 end,
		expire = case when a.expire <= ${nowMs} or $4 then excluded.expire else a.expire end
	returning points, (expire - ${nowMs})::float8 left_ms`;

const readText = `select points, (expire - ${nowMs})::float8 left_ms from ${table} where key = $1 and expire > ${nowMs}`;

/**
 * The library's limiter on the table `users.attempts`, with windows that begin and end by the database's clock: the
 * library's own statements take the node's, so a node whose clock is ahead would end the windows of all.
 * It overrides what the library's documentation of stores names for that: `_upsert`, `_get`, `_getRateLimiterRes`.
 */
export class AttemptLimiter extends RateLimiterPostgres {
	_upsert(
		key: string,
		points: number,
		durationMs: number,
		isNewWindow = false
	): Promise<StoredCount> {
		const values = [key, points, durationMs, isNewWindow];
		return this.#run({ name: "count", text: countText, values });
	}

	async _get(key: string): Promise<StoredCount | null> {
		const found = await this.#run({ name: "read", text: readText, values: [key] });
		return found.rowCount === 0 ? null : found;
	}

	_getRateLimiterRes(_key: string, change: number, { rows }: StoredCount): RateLimiterRes {
		const { points, left_ms } = rows[0]!;
		const remaining = Math.max(this.points - points, 0);
		return new RateLimiterRes(remaining, Math.max(left_ms, 0), points, points === change);
	}

	#run(statement: Parameters<Statements["_query"]>[0]): Promise<StoredCount> {
		return (this as unknown as Statements)._query(statement);
	}
}
