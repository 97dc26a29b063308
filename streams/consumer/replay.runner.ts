import { bulk } from "../../lib/bulk.ts";
import type { Database, Transaction } from "../../db/database.ts";
import { fail } from "../../lib/errors.ts";
import type { Driver, Extent } from "../driver.ts";
import { planReplay, extendBack, type Plan, type Span, type Start } from "./replay.plan.ts";

/** How a replay treats events; `missing`: those that were never handled are applied. */
export type ReplayMode = "missing" | "quiet" | "again";

export interface ReplayRunnerOptions {
	driver: Driver;
	db: Database;
	/** As of the consumer. */
	schema: string;
	topics: readonly string[];
	/** Resets the effects of events of this time or later, in the transaction that starts the replay. */
	resetFrom?(floorMs: number, tx: Transaction): Promise<void>;
}

export interface ReplayRequest {
	start: Start;
	mode: ReplayMode;
}

export interface PartitionProgress {
	topic: string;
	partition: number;
	/** Offsets: the next message to handle, and the one that will be written next. */
	next: number;
	end: number;
	replay: { done: number; of: number; isRunning: boolean } | null;
}

interface PositionRow {
	topic: string;
	partition: number;
	next: number;
	from: number | null;
	until: number | null;
	mode: ReplayMode | null;
}

const spanRows = bulk({ partition: "int", from: "bigint", until: "bigint", lost: "boolean" }, 4);

/** Progress of a consumer, and its replays. */
export class ReplayRunner {
	readonly #options: ReplayRunnerOptions;

	constructor(options: ReplayRunnerOptions) {
		this.#options = options;
	}

	/** By topic and partition. */
	async progress(): Promise<PartitionProgress[]> {
		const rows = await this.#positions(this.#options.db);
		const found: PartitionProgress[] = [];
		for (const topic of this.#options.topics)
			for (const extent of await this.#options.driver.extents(topic))
				found.push(toProgress(topic, extent, rows));
		return found;
	}

	/** The plan of a replay. @throws LOG_TOO_SHORT */
	async plan({ start, mode }: ReplayRequest): Promise<Map<string, Plan>> {
		const { driver, topics, db } = this.#options;
		const rows = await this.#positions(db);
		const plans = new Map<string, Plan>();
		for (const topic of topics) {
			const own = rows.filter(row => row.topic === topic);
			const reached = new Map(own.map(({ partition, next }) => [partition, BigInt(next)]));
			const planned = await planReplay(driver, topic, start, reached);
			const ahead = mode === "again" ? await this.#ahead(topic, planned.floorMs) : new Map();
			const plan = extendBack(planned, ahead);
			if (plan.isShort && mode === "again")
				fail("LOG_TOO_SHORT", `of ${topic}; choose a later time, or an offset`);
			plans.set(topic, plan);
		}
		return plans;
	}

	/** Starts one; its consumer needs a hint. @throws LOG_TOO_SHORT, REPLAY_RUNNING */
	async begin(request: ReplayRequest): Promise<Map<string, Plan>> {
		const plans = await this.plan(request);
		const floorMs = Math.max(...[...plans.values()].map(plan => plan.floorMs));
		await this.#options.db.transaction(async tx => {
			// Longer than a request's statement may take, because the windows of a whole log may be reset.
			await tx.query({ name: "replay.limit", text: "set local statement_timeout = '30s'" });
			const rows = await this.#positions(tx, "for update");
			if (rows.some(isRunning)) fail("REPLAY_RUNNING");
			for (const [topic, { spans }] of plans)
				await this.#move(topic, spans, request.mode, floorMs, tx);
			if (request.mode === "again") await this.#options.resetFrom?.(floorMs, tx);
		});
		return plans;
	}

	/** By partition: the first redriven message that was dead-lettered because its event time was in the future. */
	async #ahead(topic: string, floorMs: number): Promise<Map<number, bigint>> {
		const { db, schema } = this.#options;
		const rows = await db.query<{ partition: number; offset: string }>(
			{
				name: `${schema}.redriven_from_future`,
				text: `select partition, min("offset")::text as "offset" from ${schema}.dead_letter
					where topic = $1 and reason = 'time-in-future' and redriven_at is not null
						and (convert_from(value, 'UTF8')::json->>'time')::timestamptz >= to_timestamp($2::float8 / 1000)
					group by partition`
			},
			[topic, floorMs]
		);
		return new Map(rows.map(({ partition, offset }) => [partition, BigInt(offset)]));
	}

	#positions(db: Pick<Transaction, "query">, lock = ""): Promise<PositionRow[]> {
		const { schema, topics } = this.#options;
		return db.query<PositionRow>(
			{
				name: `${schema}.positions ${lock}`,
				text: `select topic, partition, next_offset as next, replay_from as "from", replay_until as until, replay_mode as mode
					from ${schema}.position where topic = any ($1) order by topic, partition ${lock}`
			},
			[topics]
		);
	}

	/** Up to the current position, which the lock keeps unchanged. */
	async #move(
		topic: string,
		spans: readonly Span[],
		mode: ReplayMode,
		floorMs: number,
		tx: Transaction
	): Promise<void> {
		const { schema } = this.#options;
		await tx.query(
			{
				name: `${schema}.begin_replay`,
				text: `
				with last as (select max(replay) as number from ${schema}.position),
				span as (select partition, "from" as start, until, lost from ${spanRows.as("x")})
				update ${schema}.position p
				set next_offset = least(start, next_offset), replay_from = least(start, next_offset),
					replay_until = case when lost then until else next_offset end,
					replay = last.number + 1, replay_floor = to_timestamp($3::float8 / 1000),
					replay_mode = case when start < next_offset and (not lost or start < until) then $2 end,
					at = clock_timestamp()
				from span, last where p.topic = $1 and p.partition = span.partition`
			},
			[topic, mode, floorMs, ...spanRows.values(spans)]
		);
	}
}

const isRunning = ({ mode, next, until }: PositionRow) =>
	mode !== null && until !== null && until > next;

function toProgress(
	topic: string,
	extent: Extent,
	rows: readonly PositionRow[]
): PartitionProgress {
	const { partition } = extent;
	const row = rows.find(one => one.topic === topic && one.partition === partition);
	const replay = row ? progressOf(row) : null;
	// Expired messages are not waiting.
	const next = Math.max(row?.next ?? 0, Number(extent.first));
	return { topic, partition, next, end: Number(extent.next), replay };
}

function progressOf(row: PositionRow): PartitionProgress["replay"] {
	const { from, until, next } = row;
	if (from === null || until === null) return null;
	return {
		of: until - from,
		done: isRunning(row) ? next - from : until - from,
		isRunning: isRunning(row)
	};
}
