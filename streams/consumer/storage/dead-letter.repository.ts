import { shownOfDeadLetter } from "../../../contracts/streams.ts";
import { bulk } from "../../../lib/bulk.ts";
import { beforeNewest, type TimePosition } from "../../../lib/keyset.ts";
import type { Database, Transaction } from "../../../db/database.ts";
import type { Reason } from "../../messages/event-reader.ts";
import type { DeadLetter } from "../dead-letter.ts";

/** A stored dead letter of a consumer. */
export interface StoredDeadLetter {
	id: string;
	topic: string;
	partition: number;
	offset: number;
	key: string | null;
	value: Buffer;
	headers: Record<string, string>;
	reason: Reason;
	detail: string;
	attempts: number;
	at: Date;
	redriven_at: Date | null;
}

/** One of a list: without what only `dlq.show` shows, and with the beginning of long texts. */
export type ListedDeadLetter = Omit<StoredDeadLetter, "value" | "headers">;

const columns = `id, topic, partition, "offset", key, value, headers, reason, detail, attempts,
	at, redriven_at`;

// A page of 100 values may be 200 MB.
const listedColumns = `id, topic, partition, "offset", left(key, ${shownOfDeadLetter.key}) as key, reason,
	left(detail, ${shownOfDeadLetter.detail}) as detail, attempts, at, redriven_at`;

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

/** The table `dead_letter` of a consuming service. */
export class DeadLetterRepository {
	readonly #db: Database;
	readonly #schema: string;

	/** @param schema a constant of ours, never user input */
	constructor(db: Database, schema: string) {
		this.#db = db;
		this.#schema = schema;
	}

	/** Those that were redriven, or those that were not; the latest first. */
	list(
		redriven: boolean,
		after: TimePosition | undefined,
		limit: number
	): Promise<ListedDeadLetter[]> {
		const { at, id } = after ?? beforeNewest;
		return this.#db.query<ListedDeadLetter>(
			{
				name: `${this.#schema}.list_${redriven ? "redriven" : "dead"}_letters`,
				text: `select ${listedColumns} from ${this.#schema}.dead_letter
					where redriven_at is ${redriven ? "not null" : "null"} and (at, id) < ($1::timestamptz, $2::uuid)
					order by at desc, id desc limit $3`
			},
			[at, id, limit]
		);
	}

	/** How many were not redriven. */
	async waiting(): Promise<number> {
		const [row] = await this.#db.query<{ count: number }>({
			name: `${this.#schema}.count_dead_letters`,
			text: `select count(*)::int as count from ${this.#schema}.dead_letter where redriven_at is null`
		});
		return row!.count;
	}

	async get(id: string): Promise<StoredDeadLetter | undefined> {
		const [row] = await this.#db.query<StoredDeadLetter>(
			{
				name: `${this.#schema}.get_dead_letter`,
				text: `select ${columns} from ${this.#schema}.dead_letter where id = $1`
			},
			[id]
		);
		return row;
	}

	/** False when it was redriven before. */
	async markRedriven(id: string, tx: Transaction): Promise<boolean> {
		const rows = await tx.query(
			{
				name: `${this.#schema}.redrive`,
				text: `update ${this.#schema}.dead_letter set redriven_at = clock_timestamp()
					where id = $1 and redriven_at is null returning id`
			},
			[id]
		);
		return rows.length > 0;
	}

	/** By partition of this log: the first redriven message that was dead-lettered because its event time was in the future. */
	async redrivenFromFuture(
		topic: string,
		floorMs: number,
		db: Pick<Transaction, "query"> = this.#db
	): Promise<Map<number, bigint>> {
		const rows = await db.query<{ partition: number; offset: string }>(
			{
				name: `${this.#schema}.redriven_from_future`,
				text: `select partition, min("offset")::text as "offset"
					from ${this.#schema}.dead_letter d join ${this.#schema}.position p using (topic, partition, log)
					where topic = $1 and reason = 'time-in-future' and redriven_at is not null
						and (convert_from(value, 'UTF8')::json->>'time')::timestamptz >= to_timestamp($2::float8 / 1000)
					group by partition`
			},
			[topic, floorMs]
		);
		return new Map(rows.map(({ partition, offset }) => [partition, BigInt(offset)]));
	}

	/**
	 * Which of these messages were dead-lettered before, by their offsets, and whether they were redriven
	 * since. The value is compared too: where the loss of a log was not noticed, another message has the offset.
	 */
	async findDeadLettered(
		deadLetters: readonly DeadLetter[]
	): Promise<Map<bigint, { isRedriven: boolean }>> {
		const rows = await this.#db.query<{ offset: string; isRedriven: boolean }>(
			{
				name: `${this.#schema}.find_dead_letters`,
				text: `select d."offset"::text, redriven_at is not null as "isRedriven"
					from ${deadLetterKeys.as("x")} join ${this.#schema}.position p using (topic, partition)
						join ${this.#schema}.dead_letter d using (topic, partition, "offset", log, value)`
			},
			deadLetterKeys.values(deadLetters)
		);
		return new Map(rows.map(({ offset, isRedriven }) => [BigInt(offset), { isRedriven }]));
	}

	/** Of the log that the position of their partition is of by now. One that is there already is replaced. */
	async insert(deadLetters: readonly DeadLetter[], tx: Transaction): Promise<void> {
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
				text: `insert into ${this.#schema}.dead_letter as d (${deadLetterRows.columns}, log)
					select x.*, p.log from ${deadLetterRows.as("x")} join ${this.#schema}.position p using (topic, partition)
					on conflict (topic, partition, "offset", log) do update
					set id = case when d.value = excluded.value then d.id else excluded.id end,
						key = excluded.key, value = excluded.value, headers = excluded.headers, reason = excluded.reason,
						detail = excluded.detail, attempts = excluded.attempts, at = excluded.at, redriven_at = null`
			},
			deadLetterRows.values(rows)
		);
	}
}
