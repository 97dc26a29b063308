import type { Database, Transaction } from "../db/database.ts";
import type { Reason } from "./order-events.ts";

/** A message that was put aside, with what was wrong. */
export interface Letter {
	topic: string;
	partition: number;
	offset: bigint;
	key: string | null;
	value: Buffer;
	headers: Readonly<Record<string, string>>;
	reason: Reason;
	detail: string;
	attempts: number;
}

/** The tables `inbox`, `position` and `dead_letter` of a consuming service. */
export class ConsumerRepository {
	readonly #db: Database;
	readonly #schema: string;

	/** @param schema a name of ours, never anybody's input */
	constructor(db: Database, schema: string) {
		this.#db = db;
		this.#schema = schema;
	}

	/** Where a partition is gone on with; undefined when it was never read. */
	async position(topic: string, partition: number): Promise<bigint | undefined> {
		const [row] = await this.#db.query<{ next: string }>(
			{
				name: `${this.#schema}.position`,
				text: `select next_offset::text as next from ${this.#schema}.position where topic = $1 and partition = $2`
			},
			[topic, partition]
		);
		return row && BigInt(row.next);
	}

	/** The same under lock, 0 for one that was never read. */
	async lock(topic: string, partition: number, tx: Transaction): Promise<bigint> {
		const [row] = await tx.query<{ next: string }>(
			{
				name: `${this.#schema}.lock`,
				text: `insert into ${this.#schema}.position as p (topic, partition, next_offset) values ($1, $2, 0)
					on conflict (topic, partition) do update set next_offset = p.next_offset
					returning next_offset::text as next`
			},
			[topic, partition]
		);
		return BigInt(row!.next);
	}

	/** Of these ids those that are new, which they are no longer. */
	async admit(ids: readonly string[], tx: Transaction): Promise<Set<string>> {
		if (ids.length === 0) return new Set();
		const rows = await tx.query<{ event_id: string }>(
			{
				name: `${this.#schema}.admit`,
				// Sorted, so that two batches cannot wait for each other.
				text: `insert into ${this.#schema}.inbox (event_id) select distinct id from unnest($1::uuid[]) as id order by id
					on conflict do nothing returning event_id`
			},
			[ids]
		);
		return new Set(rows.map(({ event_id }) => event_id));
	}

	async park(letters: readonly Letter[], tx: Transaction): Promise<void> {
		if (letters.length === 0) return;
		const column = <V>(value: (letter: Letter) => V) => letters.map(value);
		await tx.query(
			{
				name: `${this.#schema}.park`,
				text: `insert into ${this.#schema}.dead_letter (topic, partition, "offset", key, value, headers, reason, detail, attempts)
					select * from unnest($1::text[], $2::int[], $3::bigint[], $4::text[], $5::bytea[], $6::jsonb[], $7::text[], $8::text[], $9::int[])
					on conflict (topic, partition, "offset") do update
					set reason = excluded.reason, detail = excluded.detail, attempts = excluded.attempts, at = excluded.at, redriven_at = null`
			},
			[
				column(({ topic }) => topic),
				column(({ partition }) => partition),
				column(({ offset }) => offset),
				// Postgres' text has no NUL.
				column(({ key }) => key?.replaceAll("\0", "\ufffd") ?? null),
				column(({ value }) => value),
				column(({ headers }) => JSON.stringify(headers).replaceAll("\\u0000", "\\ufffd")),
				column(({ reason }) => reason),
				column(({ detail }) => detail.replaceAll("\0", "\ufffd")),
				column(({ attempts }) => attempts)
			]
		);
	}

	async advance(topic: string, partition: number, next: bigint, tx: Transaction): Promise<void> {
		await tx.query(
			{
				name: `${this.#schema}.advance`,
				text: `update ${this.#schema}.position set next_offset = $3, at = clock_timestamp() where topic = $1 and partition = $2`
			},
			[topic, partition, next]
		);
	}
}
