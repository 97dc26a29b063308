import type { Statement } from "../../db/database.ts";

/** What outboxes differ in. All have the columns `id` (ascending) and `published_at` (null until then). */
export interface OutboxTable {
	/** The schema of the table `outbox`. */
	schema: string;
	/** A query for the rows of a batch, with their `id`, from `due`: the rows that wait longest. */
	batch: string;
	/** The column of the instant since when a row waits. */
	waitingSince: string;
	/** A condition for rows that are published at all, as in the index of rows that wait. */
	only?: string;
	/** A function that removes rows published more than a week ago: `(most integer) returns bigint`. */
	remove: string;
}

/** Names of prepared statements start with the schema. */
export interface OutboxStatements {
	schema: string;
	/** $1 how many rows at most; ordered by id. A row that is committed late is found late, never missed. */
	pending: Statement;
	/** $1 ids: they are published; $2 fence. Answers whether it is that of the lease: otherwise nothing is marked. */
	mark: Statement;
	/**
	 * $1 for how many ms. Takes the lease if it is free, has expired, or its holder's session has ended; answers the new
	 * fence. Not while `npm run restore:reconcile` holds the advisory lock.
	 */
	acquireLease: Statement;
	/** $1 for how many ms, $2 fence. Answers a row if the lease has neither expired nor been taken over. */
	renewLease: Statement;
	/** $1 fence. */
	releaseLease: Statement;
	/** Answers a `Lag`. No more than 10,000 rows are counted. */
	lag: Statement;
	/** $1 how many rows at most; answers their `count`. */
	remove: Statement;
}

export function outboxStatements(outbox: OutboxTable): OutboxStatements {
	const { schema, batch, waitingSince, only = "true", remove } = outbox;
	const waiting = `from ${schema}.outbox where published_at is null and ${only} order by id limit`;
	const lease = `${schema}.relay_lease`;
	const until = "clock_timestamp() + $1::int * interval '1 ms'";
	return {
		schema,
		pending: {
			name: `${schema}.outbox_pending`,
			text: `
			with due as materialized (select * ${waiting} $1), batch as (${batch})
			select * from batch order by id`
		},
		mark: {
			name: `${schema}.outbox_mark`,
			text: `
			with held as materialized (select fence from ${lease} where fence = $2 for share),
			marked as (
				update ${schema}.outbox set published_at = clock_timestamp()
				where id = any ($1::bigint[]) and exists (select from held)
			)
			select exists (select from held) as held`
		},
		acquireLease: {
			name: `${schema}.relay_acquire_lease`,
			text: `
			with allowed as materialized (
				select pg_try_advisory_xact_lock_shared(hashtext('relay'), hashtext('${schema}')) as yes
			)
			update ${lease} l set fence = l.fence + 1, lease_until = ${until}, pid = pg_backend_pid(),
				backend_start = (select backend_start from pg_stat_activity where pid = pg_backend_pid())
			from allowed
			where yes and (lease_until is null or lease_until < clock_timestamp() or not exists (
				select from pg_stat_activity a
				where a.pid = l.pid and coalesce(a.backend_start = l.backend_start, true)))
			returning fence`
		},
		renewLease: {
			name: `${schema}.relay_renew_lease`,
			text: `
			update ${lease} set lease_until = ${until}
			where fence = $2 and lease_until > clock_timestamp() returning fence`
		},
		releaseLease: {
			name: `${schema}.relay_release_lease`,
			text: `update ${lease} set lease_until = null where fence = $1`
		},
		lag: {
			name: `${schema}.outbox_lag`,
			text: `
			select count(*)::int as rows,
				coalesce(extract(epoch from clock_timestamp() - min(since)), 0)::float8 as seconds
			from (select ${waitingSince} as since ${waiting} 10000) as due`
		},
		remove: {
			name: `${schema}.outbox_remove`,
			text: `select ${schema}.${remove}($1) as count`
		}
	};
}
