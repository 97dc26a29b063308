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
	/** $1 ids: they are published. */
	mark: Statement;
	/** Answers a `Lag`. No more than 10,000 rows are counted. */
	lag: Statement;
	/** $1 how many rows at most; answers their `count`. */
	remove: Statement;
}

export function outboxStatements(outbox: OutboxTable): OutboxStatements {
	const { schema, batch, waitingSince, only = "true", remove } = outbox;
	const waiting = `from ${schema}.outbox where published_at is null and ${only} order by id limit`;
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
			text: `update ${schema}.outbox set published_at = clock_timestamp() where id = any ($1::bigint[])`
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
