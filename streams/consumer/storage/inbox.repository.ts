import type { Database, Transaction } from "../../../db/database.ts";

/** Nearly all are fresh, and each returned row has its price, so only the others are returned. */
const others =
	"select id from unnest($1::uuid[]) as id where id not in (select event_id from fresh)";

/** The number of a replay that never comes: an event with it is never applied. */
export const neverReplayed = 2 ** 31 - 1;

/** The table `inbox` of a consuming service: events that were handled. */
export class InboxRepository {
	readonly #db: Database;
	readonly #schema: string;

	/** @param schema a constant of ours, never user input */
	constructor(db: Database, schema: string) {
		this.#db = db;
		this.#schema = schema;
	}

	/** Inserts these ids; returns those that were already there. */
	async markHandled(ids: readonly string[], tx: Transaction): Promise<Set<string>> {
		if (ids.length === 0) return new Set();
		const rows = await tx.query<{ id: string }>(
			{
				name: `${this.#schema}.mark_handled`,
				// Sorted, so that two batches cannot deadlock.
				text: `with fresh as (
						insert into ${this.#schema}.inbox (event_id) select distinct id from unnest($1::uuid[]) as id order by id
						on conflict do nothing returning event_id
					)
					${others}`
			},
			[ids]
		);
		return new Set(rows.map(({ id }) => id));
	}

	/** Marks these ids as read by this replay; returns those that already were. */
	async markReplayed(
		ids: readonly string[],
		replay: number,
		tx: Transaction
	): Promise<Set<string>> {
		if (ids.length === 0) return new Set();
		const rows = await tx.query<{ id: string }>(
			{
				name: `${this.#schema}.mark_replayed`,
				text: `with fresh as (
						insert into ${this.#schema}.inbox as i (event_id, replay) select distinct id, $2::int from unnest($1::uuid[]) as id order by id
						on conflict (event_id) do update set replay = excluded.replay where i.replay < excluded.replay
						returning event_id
					)
					${others}`
			},
			[ids, replay]
		);
		return new Set(rows.map(({ id }) => id));
	}

	/** How many events were handled since then. */
	countSince(ms: number): Promise<number> {
		return this.#db.transaction(async tx => {
			// It reads the whole table.
			await tx.allowLongStatements();
			const [row] = await tx.query<{ count: number }>(
				{
					name: `${this.#schema}.count_handled`,
					text: `select count(*)::int as count from ${this.#schema}.inbox
						where at >= to_timestamp($1::float8 / 1000) and replay < ${neverReplayed}`
				},
				[ms]
			);
			return row!.count;
		});
	}

	/** Those of these ids that are never applied. */
	async suppressed(ids: readonly string[]): Promise<Set<string>> {
		const rows = await this.#db.query<{ id: string }>(
			{
				name: `${this.#schema}.never_replayed`,
				text: `select event_id as id from ${this.#schema}.inbox where replay = ${neverReplayed} and event_id = any ($1)`
			},
			[ids]
		);
		return new Set(rows.map(({ id }) => id));
	}
}
