import type { KafkaMessage } from "kafkajs";
import { pause, reconnectPauseMs, retry, within } from "../../lib/retry.ts";
import { OffsetLost, type Extent, type Message, type SubscribeOptions } from "../driver.ts";
import { toMessage } from "./message-mapping.ts";

/** What a partition asks of the consumer that fetches for it. */
export interface FetchControl {
	/** The next fetch begins here. */
	seek(offset: bigint): void;
	pause(): void;
	resume(): void;
	extent(): Promise<Extent>;
	/** Told where the partition goes on, as a hint. */
	moved(next: bigint): void;
}

const batchSize = 2000;
/** So long the fetches of all partitions wait for one; then they go on without it. */
const maxHoldMs = 2000;

/** What one fetch brought. */
interface Fetched {
	messages: readonly Message[];
	end: bigint;
	/** Resolved when it is in hand, or was let go. */
	taken: PromiseWithResolvers<void>;
}

const behind = ({ messages }: Pick<Fetched, "messages">): bigint => messages.at(-1)!.offset + 1n;

/**
 * A partition for as long as it is this member's: what is fetched of it, and where it goes on. While a
 * batch is in hand the next one is fetched and waits, because kafkajs fetches nothing before all that
 * it has handed over was taken: a replay stood still for two fifths of its time.
 */
export class KafkaPartition {
	readonly topic: string;
	readonly partition: number;
	readonly #options: SubscribeOptions;
	readonly #fetching: FetchControl;
	readonly #leaving = new AbortController();
	/** Behind all that was taken. Undefined until the consumer has said where to go on. */
	#next: bigint | undefined;
	#waiting: Fetched | undefined;
	#failures = 0;
	#isHandling = false;
	/** The position is to be asked for after what is in hand. */
	#isMoved = false;
	#handled: Promise<void> = Promise.resolve();

	constructor(topic: string, partition: number, options: SubscribeOptions, fetching: FetchControl) {
		this.topic = topic;
		this.partition = partition;
		this.#options = options;
		this.#fetching = fetching;
	}

	/** Resolves when no call of `onBatch` is under way. */
	get handled(): Promise<void> {
		return this.#handled;
	}

	/** @param before what this member may still have in hand of the partition, from its last turn */
	start(before: Promise<void>): void {
		this.#handled = before;
		this.#fetching.pause();
		void before.then(() => this.#findPosition());
	}

	/** Where to go on is asked again, after what is in hand. */
	reposition(): void {
		this.#isMoved = true;
		void this.#reposition();
	}

	/** It is another member's, or may be; what nobody takes is not fetched over and over. */
	leave(): void {
		this.#leaving.abort();
		this.#discardFetched();
		this.#fetching.pause();
	}

	/**
	 * Resolves when the messages are in hand, or when nobody else should wait for that.
	 * @param fetchOffset the offset that they were fetched for
	 */
	async take(fetched: readonly KafkaMessage[], fetchOffset: bigint, end: bigint): Promise<void> {
		const messages = fetched.map(found => toMessage(this.topic, this.partition, found));
		const first = messages[0]!.offset;
		if (!this.#isTaking) return;
		if (fetchOffset !== this.#next && !(await this.#isOffsetMissing(this.#next!))) return;
		if (!this.#isTaking) return;
		if (first !== this.#next) this.#reportLost(this.#next!, first);
		const batch: Fetched = { messages, end, taken: Promise.withResolvers() };
		this.#next = behind(batch);
		this.#fetching.seek(this.#next);
		if (this.#isHandling) this.#waiting = batch;
		else this.#handled = this.#handleFrom(batch);
		await within(maxHoldMs, batch.taken.promise);
		if (this.#waiting === batch) this.#fetching.pause();
	}

	get #isLeft(): boolean {
		return this.#leaving.signal.aborted;
	}

	get #isTaking(): boolean {
		return !this.#isLeft && this.#next !== undefined && !this.#waiting;
	}

	async #reposition(): Promise<void> {
		do await this.#handled;
		while (this.#isHandling);
		this.#isMoved = false;
		// Whoever has no position yet is about to ask for one.
		if (this.#isLeft || this.#next === undefined) return;
		this.#discardFetched();
		// Not paused: where nothing is to be fetched kafkajs rests for a quarter of a second.
		await this.#findPosition();
	}

	/** This batch and those that come to wait meanwhile. */
	async #handleFrom(first: Fetched): Promise<void> {
		this.#isHandling = true;
		try {
			for (let batch: Fetched | undefined = first; batch; batch = this.#takeWaiting()) {
				batch.taken.resolve();
				const next = await this.#handle(batch);
				if (this.#isLeft) return;
				this.#failures = 0;
				if (next !== behind(batch)) return this.#resumeAt(next);
				if (this.#isMoved) return;
			}
		} catch (error) {
			this.#options.onError(error as Error);
			void this.#tryAgain();
		} finally {
			this.#isHandling = false;
		}
	}

	/** Answers where to go on: behind the batch, or where the consumer wants to. */
	async #handle({ messages, end }: Fetched): Promise<bigint> {
		const { topic, partition } = this;
		const isStale = () => this.#isLeft;
		let next = messages[0]!.offset;
		for (let from = 0; from < messages.length && !this.#isLeft; from += batchSize) {
			const some = messages.slice(from, from + batchSize);
			next = await this.#options.onBatch({ topic, partition, messages: some, end, isStale });
			if (!this.#isLeft) this.#fetching.moved(next);
			if (next !== behind({ messages: some })) break;
		}
		return next;
	}

	#takeWaiting(): Fetched | undefined {
		const batch = this.#waiting;
		this.#waiting = undefined;
		if (batch) this.#fetching.resume();
		return batch;
	}

	/** What was fetched and is not in hand is not what comes next; nothing is taken until that is known. */
	#discardFetched(): void {
		this.#waiting?.taken.resolve();
		this.#waiting = undefined;
		this.#next = undefined;
	}

	#resumeAt(next: bigint): void {
		this.#discardFetched();
		if (this.#isLeft) return;
		this.#next = next;
		this.#fetching.seek(next);
		this.#fetching.resume();
	}

	async #tryAgain(): Promise<void> {
		if (this.#isLeft) return;
		this.#discardFetched();
		this.#fetching.pause();
		await pause(reconnectPauseMs(++this.#failures), this.#leaving.signal);
		// Where to go on may have changed with what failed.
		await this.#findPosition();
	}

	async #findPosition(): Promise<void> {
		const find = async () => {
			const wanted = await this.#options.position(this.topic, this.partition);
			const { first } = await this.#fetching.extent();
			if (wanted !== undefined && wanted < first) this.#reportLost(wanted, first);
			this.#resumeAt(wanted === undefined || wanted < first ? first : wanted);
		};
		await retry(find, {
			pauseMs: reconnectPauseMs,
			signal: this.#leaving.signal,
			onError: error => {
				// A partition that was left does not control the fetching.
				if (this.#isLeft) return;
				this.#options.onError(error);
				this.#fetching.pause();
			}
		});
	}

	/**
	 * Whether the log has not got what is wanted, so that kafkajs went to its oldest message. Else what came
	 * was fetched before the partition went elsewhere, and what is wanted is asked for again.
	 */
	async #isOffsetMissing(wanted: bigint): Promise<boolean> {
		const { first, next } = await this.#fetching.extent();
		if (this.#next !== wanted) return false;
		const isWithout = wanted < first || wanted > next;
		if (!isWithout) this.#resumeAt(wanted);
		return isWithout;
	}

	#reportLost(wanted: bigint, first: bigint): void {
		this.#options.onError(new OffsetLost(this.topic, this.partition, wanted, first));
	}
}
