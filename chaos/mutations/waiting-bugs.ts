import type { Bug } from "./bug.ts";

/** Mistakes of shops that waited without end, or by the wrong clock. */
export const waitingBugs: readonly Bug[] = [
	{
		name: "an answer of Postgres is waited for without a limit",
		file: "db/limited-client.ts",
		find: "if (this.#isClosed) return;",
		replace: "if (this.answerWithinMs > 0) return;",
		promise: "P1",
		scenario: "silent_database"
	},
	{
		name: "the lease of the relay lasts as long as its holder's session",
		file: "streams/outbox/outbox.statements.ts",
		find: "lease_until is null or lease_until < clock_timestamp() or not exists",
		replace: "lease_until is null or not exists",
		// The server ends an idle session after a minute, which would hide it.
		furtherChanges: [
			{
				file: "db/session-settings.ts",
				find: 'idle_session_timeout: "60s"',
				replace: 'idle_session_timeout: "0"'
			}
		],
		promise: "P4",
		scenario: "frozen_relay"
	},
	{
		name: "the lease of a saga ends by the clock of its node",
		file: "services/order/storage/order.statements.ts",
		find: "'forward', $2, now() + $3::int * interval '1 ms' from placed",
		replace: "'forward', $2, to_timestamp($3::float8 / 1000) from placed",
		furtherChanges: [
			{
				file: "services/order/placement/placement.ts",
				find: "leaseMs,\n",
				replace: "Date.now() + leaseMs,\n"
			}
		],
		promise: "P1",
		scenario: "kills_with_wrong_clock"
	},
	{
		name: "a migration waits for its locks without a limit",
		file: "db/migrate.ts",
		find: "await client.query(`set local lock_timeout = ${lockTimeoutMs}`);",
		replace: "await client.query(`set local lock_timeout = ${0 * lockTimeoutMs}`);",
		promise: "P4",
		scenario: "blocked_migration"
	}
];
