import { setTimeout as delay } from "node:timers/promises";
import type { TestDatabase } from "../servers/database.ts";

const everyMs = 25;

/** A session waits behind a migration that has the lock, and behind one that waits for it. `waitstart` is null for a moment. */
const waits = `
	select count(*)::int as sessions, coalesce(max(extract(epoch from clock_timestamp() - waitstart) * 1000), 0)::int as ms
	from pg_stat_activity a join pg_locks l on l.pid = a.pid and not l.granted
	where datname = current_database() and a.application_name <> 'shop migrate'
		and exists (select from pg_stat_activity b
			where b.pid = any (pg_blocking_pids(a.pid)) and b.application_name = 'shop migrate')`;

export interface LockWaits {
	/** The most sessions at once that waited for a lock of a migration. */
	sessions: number;
	/** The longest wait for one lock that was seen, in ms. */
	longestMs: number;
}

/** Looks for sessions that wait for a migration while `work` runs. */
export async function watchLocks(
	database: TestDatabase,
	work: () => Promise<unknown>
): Promise<LockWaits> {
	const seen: LockWaits = { sessions: 0, longestMs: 0 };
	let isOver = false;
	const watch = async () => {
		while (!isOver) {
			const [row] = await database.rows<{ sessions: number; ms: number }>(waits);
			seen.sessions = Math.max(seen.sessions, row!.sessions);
			seen.longestMs = Math.max(seen.longestMs, row!.ms);
			await delay(everyMs);
		}
	};
	const watching = watch();
	await work().finally(() => (isOver = true));
	await watching;
	return seen;
}
