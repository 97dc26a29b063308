import { bulk } from "../../lib/bulk.ts";
import type { Database, Transaction } from "../../db/database.ts";
import type { DeadLetter } from "./dead-letter.ts";

/**
 * Messages below `until` are read once more. `missing`: events that were never handled are applied.
 * `quiet`: they are only recorded as handled. `again`: all events from `floorMs` on are applied again.
 */
export interface Replay {
	/** Grows with each replay of a service: an event that was handled in an earlier one is new to this one. */
	number: number;
	until: bigint;
	/** Milliseconds since the epoch. */
	floorMs: number;
	mode: "missing" | "quiet" | "again";
}

/** The next offset of a partition, and the replay that is in progress there. */
export interface Checkpoint {
	next: bigint;
	replay: Replay | undefined;
}

interface CheckpointRow {
	next: string;
	number: number;
	until: string | null;
	floorMs: number | null;
	mode: Replay["mode"] | null;
}

function toCheckpoint({ next, number, until, floorMs, mode }: CheckpointRow): Checkpoint {
	const at = BigInt(next);
	if (mode === null || until === null || BigInt(until) <= at)
		return { next: at, replay: undefined };
	return { next: at, replay: { number, until: BigInt(until), floorMs: floorMs ?? 0, mode } };
}

const columns = `next_offset::text as next, replay as number, replay_until::text as until,
	(extract(epoch from replay_floor) * 1000)::float8 as "floorMs", replay_mode as mode`;

const deadLetterKeys = bulk({ topic: "text", partition: "int", offset: "bigint", value: "bytea" });

const deadLetterRows = bulk({
	topic: "text",
	partition: "int",
	offset: "bigint",
	key: "text",
	value: "bytea",
	headers: "jsonb",
	reason: "text",
	detail: "text",
	attempts: "int"
});

/** Nearly all are fresh, and each returned row has its price, so only the others are returned. */
const others =
	"select id from unnest($1::uuid[]) as id where id not in (select event_id from fresh)";

/** The number of a replay that never comes: an event with it is never applied. */
export const neverReplayed = 2 ** 31 - 1;

/** The tables `inbox`, `position` and `dead_letter` of a consuming service. */
export class ConsumerRepository {
	readonly #db: Database;
	readonly #schema: string;

	/** @param schema a constant of ours, never user input */
	constructor(db: Database, schema: string) {
		this.#db = db;
		this.#schema = schema;
	}

	/** Undefined for a partition that was never read. */
	async checkpoint(topic: string, partition: number): Promise<Checkpoint | undefined> {
		const [row] = await this.#db.query<CheckpointRow>(
			{
				name: `${this.#schema}.checkpoint`,
				text: `select ${columns} from ${this.#schema}.position where topic = $1 and partition = $2`
			},
			[topic, partition]
		);
		return row && toCheckpoint(row);
	}

	/** By partition; those that were never read are missing. */
	async positions(topic: string): Promise<Map<number, bigint>> {
		const rows = await this.#db.query<{ partition: number; next: string }>(
			{
				name: `${this.#schema}.positions_of`,
				text: `select partition, next_offset::text as next from ${this.#schema}.position where topic = $1`
			},
			[topic]
		);
		return new Map(rows.map(({ partition, next }) => [partition, BigInt(next)]));
	}

	/** The next offset, under lock; 0 for a partition that was never read. */
	async lock(topic: string, partition: number, tx: Transaction): Promise<Checkpoint> {
		const [row] = await tx.query<CheckpointRow>(
			{
				name: `${this.#schema}.lock`,
				text: `insert into ${this.#schema}.position as p (topic, partition, next_offset) values ($1, $2, 0)
					on conflict (topic, partition) do update set next_offset = p.next_offset
					returning ${columns}`
			},
			[topic, partition]
		);
		return toCheckpoint(row!);
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

	/**
	 * Which of these messages were dead-lettered before, by their offsets, and whether they were redriven
	 * since. The value is compared too, because after the loss of a log another message has the offset.
	 */
	async findDeadLettered(
		deadLetters: readonly DeadLetter[]
	): Promise<Map<bigint, { isRedriven: boolean }>> {
		const rows = await this.#db.query<{ offset: string; isRedriven: boolean }>(
			{
				name: `${this.#schema}.find_dead_letters`,
				text: `select d."offset"::text, redriven_at is not null as "isRedriven"
					from ${deadLetterKeys.as("x")}
						join ${this.#schema}.dead_letter d using (topic, partition, "offset", value)`
			},
			deadLetterKeys.values(deadLetters)
		);
		return new Map(rows.map(({ offset, isRedriven }) => [BigInt(offset), { isRedriven }]));
	}

	/** Replaces a dead letter at the same offset of a log that was lost. */
	async deadLetter(deadLetters: readonly DeadLetter[], tx: Transaction): Promise<void> {
		if (deadLetters.length === 0) return;
		// Postgres' text cannot contain NUL.
		const rows = deadLetters.map(deadLetter => ({
			...deadLetter,
			key: deadLetter.key?.replaceAll("\0", "\ufffd"),
			headers: JSON.stringify(deadLetter.headers).replaceAll("\\u0000", "\\ufffd")
		}));
		await tx.query(
			{
				name: `${this.#schema}.dead_letter`,
				text: `insert into ${this.#schema}.dead_letter as d (${deadLetterRows.columns})
					select * from ${deadLetterRows.as("x")}
					on conflict (topic, partition, "offset") do update
					set id = case when d.value = excluded.value then d.id else excluded.id end,
						key = excluded.key, value = excluded.value, headers = excluded.headers, reason = excluded.reason,
						detail = excluded.detail, attempts = excluded.attempts, at = excluded.at, redriven_at = null`
			},
			deadLetterRows.values(rows)
		);
	}

	async advance(topic: string, partition: number, next: bigint, tx: Transaction): Promise<void> {
		await tx.query(
			{
				name: `${this.#schema}.advance`,
				// The end of a replay is also recorded when the log is lost and starts again.
				text: `update ${this.#schema}.position set next_offset = $3, at = clock_timestamp(),
						replay_mode = case when $3 < replay_until then replay_mode end
					where topic = $1 and partition = $2`
			},
			[topic, partition, next]
		);
	}
}
