import { type Database, type Transaction } from "../../db/database.ts";
import { fail } from "../../lib/errors.ts";
import type { Driver, Extent } from "../driver.ts";
import { InboxRepository } from "./storage/inbox.repository.ts";
import { maxClockSkewMs } from "../clock-skew.ts";
import { DeadLetterRepository } from "./storage/dead-letter.repository.ts";
import {
	PositionRepository,
	type PositionRow,
	type Replay
} from "./storage/position.repository.ts";
import { planReplay, extendBack, type Plan, type Start } from "./replay.plan.ts";

export type ReplayMode = Replay["mode"];

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

/** Progress of a consumer, and its replays. */
export class ReplayRunner {
	readonly #options: ReplayRunnerOptions;
	readonly #positions: PositionRepository;
	readonly #deadLetters: DeadLetterRepository;
	readonly #inbox: InboxRepository;

	constructor(options: ReplayRunnerOptions) {
		this.#options = options;
		this.#positions = new PositionRepository(options.db, options.schema);
		this.#deadLetters = new DeadLetterRepository(options.db, options.schema);
		this.#inbox = new InboxRepository(options.db, options.schema);
	}

	/** By topic and partition. */
	async progress(): Promise<PartitionProgress[]> {
		const rows = await this.#positions.all(this.#options.topics);
		const found: PartitionProgress[] = [];
		for (const topic of this.#options.topics)
			for (const extent of await this.#options.driver.extents(topic))
				found.push(toProgress(topic, extent, rows));
		return found;
	}

	/** The plan of a replay. @throws LOG_TOO_SHORT */
	async plan({ start, mode }: ReplayRequest): Promise<Map<string, Plan>> {
		const { driver, topics } = this.#options;
		const rows = await this.#positions.all(topics);
		const plans = new Map<string, Plan>();
		for (const topic of topics) {
			const own = rows.filter(row => row.topic === topic);
			const reached = new Map(
				own.map(({ partition, next, at, logStart }) => [
					partition,
					{ next: BigInt(next), movedAtMs: at.getTime(), start: BigInt(logStart) }
				])
			);
			const planned = await planReplay(driver, topic, start, reached);
			plans.set(topic, await this.#extend(topic, planned, mode));
		}
		if (mode === "again" && this.#options.resetFrom) await this.#refuseLostLog(plans, rows);
		return plans;
	}

	/**
	 * A log that lost messages and goes on has only what came later, until it was refilled: then the replay reads at least as
	 * many messages as events were handled since its floor. Events from well after the loss are in it anyway. A log that the
	 * shop has moved to is the same, and has no events from before the time from which on it was refilled.
	 * @throws LOG_TOO_SHORT
	 */
	async #refuseLostLog(
		plans: ReadonlyMap<string, Plan>,
		rows: readonly PositionRow[]
	): Promise<void> {
		const spans = [...plans.values()].flatMap(plan => plan.spans);
		const floorMs = Math.max(...[...plans.values()].map(plan => plan.floorMs));
		const lostMs = spans.some(({ lost }) => lost)
			? Infinity
			: Math.max(...rows.map(({ lostAt }) => lostAt?.getTime() ?? 0));
		if (lostMs === 0 || floorMs > lostMs + maxClockSkewMs) return;
		const sinceMs = Math.max(0, ...rows.map(({ logSince }) => logSince?.getTime() ?? 0));
		if (floorMs < sinceMs) {
			const since = new Date(sinceMs).toISOString();
			fail("LOG_TOO_SHORT", `it has events from ${since} on: choose that time, or a later one`);
		}
		// Not all that the log has: what the consumer has not reached yet is not read by the replay.
		const messages = spans.reduce((sum, { from, until }) => sum + until - from, 0n);
		if (messages < BigInt(await this.#inbox.countSince(floorMs)))
			fail("LOG_TOO_SHORT", "it lost messages: refill it first, or choose a time after the loss");
	}

	/** Starts one; its consumer needs a hint. @throws LOG_TOO_SHORT, REPLAY_RUNNING */
	async begin(request: ReplayRequest): Promise<Map<string, Plan>> {
		const asked = await this.plan(request);
		const floorMs = Math.max(...[...asked.values()].map(plan => plan.floorMs));
		return this.#options.db.transaction(async tx => {
			// The windows of a whole log may be reset.
			await tx.allowLongStatements();
			const rows = await this.#positions.all(this.#options.topics, "for update", tx);
			if (rows.some(isRunning)) fail("REPLAY_RUNNING");
			const plans = new Map<string, Plan>();
			for (const [topic, planned] of asked) {
				// Under the locks once more: a message may have been redriven since the log was asked.
				const plan = await this.#extend(topic, planned, request.mode, tx);
				await this.#positions.beginReplay(topic, plan.spans, { mode: request.mode, floorMs }, tx);
				plans.set(topic, plan);
			}
			if (request.mode === "again") await this.#options.resetFrom?.(floorMs, tx);
			return plans;
		});
	}

	/** So that it reaches every message that was redriven. @throws LOG_TOO_SHORT */
	async #extend(
		topic: string,
		planned: Plan,
		mode: ReplayMode,
		db: Pick<Transaction, "query"> = this.#options.db
	): Promise<Plan> {
		if (mode !== "again") return planned;
		const ahead = await this.#deadLetters.redrivenFromFuture(topic, planned.floorMs, db);
		const plan = extendBack(planned, ahead);
		if (plan.isShort) fail("LOG_TOO_SHORT", `of ${topic}; choose a later time, or an offset`);
		return plan;
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
