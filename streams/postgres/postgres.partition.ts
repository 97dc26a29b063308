import type { Database } from "../../db/database.ts";
import { pause, reconnectPauseMs, retry } from "../../lib/retry.ts";
import { OffsetLost, type Batch, type SubscribeOptions } from "../driver.ts";
import * as sql from "./log.statements.ts";

interface Fetched {
	end: string;
	/** Null if there is no message. */
	position: string | null;
	key: string;
	value: Buffer;
	headers: Record<string, string>;
	at: Date;
}

const batchSize = 2000;
/** Of the messages of one batch together, as Kafka bounds a fetch; one message has at most 1 MiB. */
const batchBytes = 8 * 1024 * 1024;
/** Publishers notify at once; this is for notifications that were missed. */
const pollMs = 1000;

/** Reads one partition for a member, batch after batch, while it is assigned to the member. */
export class PostgresPartition {
	readonly topic: string;
	readonly partition: number;
	readonly #db: Database;
	readonly #options: SubscribeOptions;
	readonly #stopping = new AbortController();
	#wakeUp = new AbortController();
	#isMoved = false;
	#ended: Promise<void> = Promise.resolve();

	constructor(db: Database, options: SubscribeOptions, topic: string, partition: number) {
		this.#db = db;
		this.#options = options;
		this.topic = topic;
		this.partition = partition;
	}

	start(): void {
		this.#ended = this.#read();
	}

	wake(): void {
		this.#wakeUp.abort();
	}

	/** Reads the position again. */
	reposition(): void {
		this.#isMoved = true;
		this.wake();
	}

	/** Resolves when the current batch has ended. */
	async stop(): Promise<void> {
		this.#stopping.abort();
		await this.#ended;
	}

	#read(): Promise<void> {
		return retry(onProgress => this.#readFrom(onProgress), {
			pauseMs: reconnectPauseMs,
			signal: this.#stopping.signal,
			onError: error => this.#options.onError(error)
		});
	}

	/** Reads from the consumer's position, which may have changed with a failure, until it is stopped. */
	async #readFrom(onProgress: () => void): Promise<void> {
		let at: bigint | undefined;
		while (!this.#stopping.signal.aborted) {
			if (this.#isMoved) at = undefined;
			this.#isMoved = false;
			at ??= await this.#options.position(this.topic, this.partition);
			at = (await this.#next(at)) ?? (await this.#waitForMessages(at));
			onProgress();
		}
	}

	/**
	 * Handles one batch. Returns the next offset, undefined when there was nothing to handle.
	 * @param at undefined: with the oldest message
	 */
	async #next(at: bigint | undefined): Promise<bigint | undefined> {
		const { topic, partition } = this;
		this.#wakeUp = new AbortController();
		const rows = await this.#db.query<Fetched>(sql.fetch, [
			topic,
			partition,
			at ?? 0n,
			batchSize,
			batchBytes
		]);
		const end = BigInt(rows[0]?.end ?? 0);
		const found = rows.filter(({ position }) => position !== null);
		const first = oldestOf(found, end, at);
		if (at !== undefined && first !== at) {
			this.#options.onError(new OffsetLost(topic, partition, at, first));
			return first;
		}
		if (found.length === 0 || this.#stopping.signal.aborted) return undefined;
		const messages = found.map(({ position, key, value, headers, at: taken }) => ({
			topic,
			partition,
			offset: BigInt(position!),
			key,
			value,
			headers,
			at: taken
		}));
		const isStale = () => this.#stopping.signal.aborted;
		const batch: Batch = { topic, partition, messages, end, isStale };
		return this.#options.onBatch(batch);
	}

	async #waitForMessages(at: bigint | undefined): Promise<bigint | undefined> {
		await pause(pollMs, this.#stopping.signal, this.#wakeUp.signal);
		return at;
	}
}

/** The first message from `at` on, or its future offset; the oldest of a log that ends before `at`. */
function oldestOf(found: readonly Fetched[], end: bigint, at = 0n): bigint {
	const position = found[0]?.position;
	if (position) return BigInt(position);
	return at > end ? 0n : end;
}
