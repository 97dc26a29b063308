import { setTimeout as delay } from "node:timers/promises";
import type { KafkaMessage } from "kafkajs";
import { backoffMs } from "../lib/backoff.ts";
import { OffsetLost, type Extent, type Message, type SubscribeOptions } from "./driver.ts";

/** What a partition asks of the consumer that fetches for it. */
export interface Fetching {
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
const patienceMs = 2000;

type Header = Buffer | string | (Buffer | string)[] | undefined;

const textOf = (header: Header): string =>
	String((Array.isArray(header) ? header.at(-1) : header) ?? "");

function toMessage(topic: string, partition: number, found: KafkaMessage): Message {
	const headers = Object.entries(found.headers ?? {}).map(([name, header]) => [
		name,
		textOf(header)
	]);
	return {
		...{ topic, partition, offset: BigInt(found.offset) },
		key: found.key?.toString() ?? null,
		value: found.value ?? Buffer.alloc(0),
		headers: Object.fromEntries(headers),
		at: new Date(Number(found.timestamp))
	};
}

/** A partition for as long as it is this member's: what is fetched of it, and where it goes on. */
export class KafkaPartition {
	readonly topic: string;
	readonly partition: number;
	readonly #options: SubscribeOptions;
	readonly #fetching: Fetching;
	readonly #left = new AbortController();
	/** Undefined until the consumer has said where to go on. */
	#next: bigint | undefined;
	#failures = 0;
	#isHandling = false;
	#handled: Promise<void> = Promise.resolve();

	constructor(topic: string, partition: number, options: SubscribeOptions, fetching: Fetching) {
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
		void this.#handled.then(() => {
			// Whoever has no position yet is about to ask for one.
			if (this.#isLeft || this.#next === undefined) return;
			this.#next = undefined;
			this.#fetching.pause();
			return this.#findPosition();
		});
	}

	/** It is another member's, or may be. */
	leave(): void {
		this.#left.abort();
	}

	/** Resolves when the messages are done with, or when nobody else should wait for it. */
	async take(fetched: readonly KafkaMessage[], end: bigint): Promise<void> {
		if (this.#isLeft || this.#isHandling || this.#next === undefined) return;
		const messages = fetched.map(found => toMessage(this.topic, this.partition, found));
		const first = messages[0]!.offset;
		if (first < this.#next && !(await this.#isReset(first))) return;
		if (first > this.#next) this.#tellLost(this.#next, first);
		this.#handled = this.#handle(messages, end);
		const patience = new AbortController();
		await Promise.race([this.#handled, delay(patienceMs, undefined, patience)]);
		patience.abort();
		if (this.#isHandling && !this.#isLeft) this.#fetching.pause();
	}

	get #isLeft(): boolean {
		return this.#left.signal.aborted;
	}

	async #handle(messages: readonly Message[], end: bigint): Promise<void> {
		this.#isHandling = true;
		const { topic, partition } = this;
		const isStale = () => this.#isLeft;
		try {
			for (let from = 0; from < messages.length && !this.#isLeft; from += batchSize) {
				const some = messages.slice(from, from + batchSize);
				const batch = { topic, partition, messages: some, end, isStale };
				const next = await this.#options.onBatch(batch);
				if (this.#isLeft) return;
				this.#next = next;
				this.#fetching.moved(next);
				if (next !== some.at(-1)!.offset + 1n) break;
			}
			this.#failures = 0;
			this.#goOn(this.#next!);
		} catch (error) {
			this.#options.onError(error as Error);
			void this.#tryAgain();
		} finally {
			this.#isHandling = false;
		}
	}

	#goOn(next: bigint): void {
		if (this.#isLeft) return;
		this.#next = next;
		this.#fetching.seek(next);
		this.#fetching.resume();
	}

	async #tryAgain(): Promise<void> {
		if (this.#isLeft) return;
		this.#next = undefined;
		this.#fetching.pause();
		await this.#pause(backoffMs(++this.#failures, 100, 5000));
		// Where to go on may have changed with what failed.
		await this.#findPosition();
	}

	async #findPosition(): Promise<void> {
		for (let failures = 1; !this.#isLeft; failures++)
			try {
				const wanted = await this.#options.position(this.topic, this.partition);
				const { first } = await this.#fetching.extent();
				if (wanted !== undefined && wanted < first) this.#tellLost(wanted, first);
				return this.#goOn(wanted === undefined || wanted < first ? first : wanted);
			} catch (error) {
				this.#options.onError(error as Error);
				await this.#pause(backoffMs(failures, 100, 5000));
			}
	}

	/**
	 * Whether the log is shorter than what was read of it, so that the broker went back to its oldest
	 * message. Else what came was fetched for an earlier turn, and is asked for again.
	 */
	async #isReset(first: bigint): Promise<boolean> {
		const wanted = this.#next!;
		const { next } = await this.#fetching.extent();
		if (wanted > next) this.#tellLost(wanted, first);
		else this.#goOn(wanted);
		return wanted > next;
	}

	#tellLost(wanted: bigint, first: bigint): void {
		this.#options.onError(new OffsetLost(this.topic, this.partition, wanted, first));
	}

	async #pause(ms: number): Promise<void> {
		await delay(ms, undefined, { signal: this.#left.signal }).catch(() => undefined);
	}
}
