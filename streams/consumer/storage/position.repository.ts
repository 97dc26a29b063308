import { bulk } from "../../../lib/bulk.ts";
import type { Database, Transaction } from "../../../db/database.ts";
import type { Span } from "../replay.plan.ts";

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

/** A partition with the last replay that began there. */
export interface PositionRow {
	topic: string;
	partition: number;
	next: number;
	from: number | null;
	until: number | null;
	mode: Replay["mode"] | null;
	/** When it last moved, but for replays of what it had handled. */
	at: Date;
	/** When the log was last found to have lost messages that were handled, or was replaced by another one. */
	lostAt: Date | null;
	/** Where the log begins for the shop; what is before it is of an earlier use of these topics. */
	logStart: number;
	/** From when on the log has all events; null if from the first one on, or if that is not known. */
	logSince: Date | null;
}

const columns = `next_offset::text as next, replay as number, replay_until::text as until,
	(extract(epoch from replay_floor) * 1000)::float8 as "floorMs", replay_mode as mode`;

const spanRows = bulk({ partition: "int", from: "bigint", until: "bigint", lost: "boolean" }, 4);

/** The table `position` of a consuming service. */
export class PositionRepository {
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
	async ofTopic(
		topic: string,
		db: Pick<Transaction, "query"> = this.#db
	): Promise<Map<number, bigint>> {
		const rows = await db.query<{ partition: number; next: string }>(
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

	/** @param isLoss the log started again from before this position */
	async advance(
		topic: string,
		partition: number,
		next: bigint,
		isLoss: boolean,
		tx: Transaction
	): Promise<void> {
		await tx.query(
			{
				name: `${this.#schema}.advance`,
				// The end of a replay is also recorded when the log is lost and starts again.
				text: `update ${this.#schema}.position set next_offset = $3, at = case when replay_mode = 'again' and $3 <= replay_until then at else clock_timestamp() end,
						replay_mode = case when $3 < replay_until then replay_mode end,
						lost_at = case when $4::boolean then clock_timestamp() else lost_at end,
						log = log + $4::boolean::int, log_start = case when $4 then 0 else log_start end,
						log_since = case when $4 then null else log_since end
					where topic = $1 and partition = $2`
			},
			[topic, partition, next, isLoss]
		);
	}

	/** Of all partitions of these topics that were read before; `for update` locks them. */
	all(
		topics: readonly string[],
		lock: "" | "for update" = "",
		db: Pick<Transaction, "query"> = this.#db
	): Promise<PositionRow[]> {
		return db.query<PositionRow>(
			{
				name: `${this.#schema}.positions ${lock}`,
				text: `select topic, partition, next_offset as next, replay_from as "from", replay_until as until, replay_mode as mode, at, lost_at as "lostAt",
						log_start as "logStart", log_since as "logSince"
					from ${this.#schema}.position where topic = any ($1) order by topic, partition ${lock}`
			},
			[topics]
		);
	}

	/** Moves partitions back. Each span ends at the current position, which a lock keeps unchanged. */
	async beginReplay(
		topic: string,
		spans: readonly Span[],
		{ mode, floorMs }: Pick<Replay, "mode" | "floorMs">,
		tx: Transaction
	): Promise<void> {
		await tx.query(
			{
				name: `${this.#schema}.begin_replay`,
				text: `
				with last as (select max(replay) as number from ${this.#schema}.position),
				span as (select partition, "from" as start, until, lost from ${spanRows.as("x")})
				update ${this.#schema}.position p
				set next_offset = least(start, next_offset), replay_from = least(start, next_offset),
					replay_until = case when lost then until else next_offset end,
					replay = last.number + 1, replay_floor = to_timestamp($3::float8 / 1000),
					replay_mode = case when start < next_offset and (not lost or start < until) then $2 end,
					at = case when lost then clock_timestamp() else p.at end,
					lost_at = case when lost then clock_timestamp() else p.lost_at end, log = p.log + lost::int,
					log_start = case when lost then 0 else p.log_start end, log_since = case when lost then null else p.log_since end
				from span, last where p.topic = $1 and p.partition = span.partition`
			},
			[topic, mode, floorMs, ...spanRows.values(spans)]
		);
	}
}
