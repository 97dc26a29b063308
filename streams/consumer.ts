import type { Database, Transaction } from "../db/database.ts";
import { backoffMs } from "../lib/backoff.ts";
import { sqlState } from "../lib/sql-state.ts";
import { setTimeout as delay } from "node:timers/promises";
import { ConsumerRepository, type Letter } from "./consumer.repository.ts";
import type { Batch, Driver, Message, Subscription } from "./driver.ts";
import { Unreadable, type Reason } from "./order-events.ts";
import { deadLettersOf } from "./topics.ts";

/** Events of one partition that are new here, in their order. */
export interface Work<E> {
	topic: string;
	partition: number;
	/** Empty where all of a batch were known. */
	events: readonly E[];
	/** Behind the batch. */
	next: bigint;
	/** Of the log, as far as is known: `end - next` are still to come. */
	end: bigint;
}

export interface ConsumerOptions<E extends { id: string }> {
	driver: Driver;
	db: Database;
	/** Of the service: it has the tables inbox, position and dead_letter. */
	schema: string;
	group: string;
	topics: readonly string[];
	/** @throws Unreadable */
	read(message: Message): E;
	/** What must be asked of others, before the transaction. */
	prepare?(events: readonly E[]): Promise<void>;
	/** Database changes only, in the transaction that records that these events were handled. */
	handle(work: Work<E>, tx: Transaction): Promise<void>;
	/** Told of what failed and is tried again. */
	onError(error: Error): void;
	onParked(letter: Letter): void;
	/** Told when nothing has come from the driver for a minute though there is something: it has to be restarted. */
	onStuck(words: string): void;
}

/** How often a message is tried where it stands, before it is put aside: 0.1 to 3 s apart, some 10 s. */
const tries = 7;
const [firstPauseMs, longestPauseMs] = [100, 3000];
const silentMs = 60_000;
const watchEveryMs = 15_000;

interface Sorted<E> {
	message: Message;
	event?: E;
	letter?: Letter;
}

/**
 * Applies each event once: that it was handled (inbox), what came of it, and where to go on are one
 * transaction. The position's row is the fence too: a batch whose start is not what the row says was
 * overtaken, by another member or by a replay, and changes nothing.
 */
export class Consumer<E extends { id: string }> {
	readonly #options: ConsumerOptions<E>;
	readonly #rows: ConsumerRepository;
	/** By `topic partition`: what this member believes the row to say. */
	readonly #expected = new Map<string, bigint>();
	#subscription: Subscription | undefined;
	#watch: NodeJS.Timeout | undefined;
	#heardAt = performance.now();
	#assigned: readonly { topic: string; partition: number }[] = [];

	constructor(options: ConsumerOptions<E>) {
		this.#options = options;
		this.#rows = new ConsumerRepository(options.db, options.schema);
	}

	async start(): Promise<void> {
		const { driver, group, topics, onError, onStuck } = this.#options;
		this.#subscription = await driver.subscribe({
			group,
			topics,
			position: (topic, partition) => this.#position(topic, partition),
			onBatch: batch => this.#onBatch(batch),
			onError: error => {
				this.#heardAt = performance.now();
				onError(error);
			},
			onAssigned: partitions => (this.#assigned = partitions),
			onCrash: error => onStuck(`the driver gave up: ${error.message}`)
		});
		this.#watch = setInterval(() => void this.#look().catch(onError), watchEveryMs);
		this.#watch.unref();
	}

	/** Resolves when the batch in hand is done with. */
	async stop(): Promise<void> {
		clearInterval(this.#watch);
		await this.#subscription?.stop();
	}

	async #position(topic: string, partition: number): Promise<bigint | undefined> {
		const at = await this.#rows.position(topic, partition);
		this.#expected.set(`${topic} ${partition}`, at ?? 0n);
		return at;
	}

	async #onBatch(batch: Batch): Promise<bigint> {
		this.#heardAt = performance.now();
		const sorted = batch.messages.map(message => this.#sort(message));
		await this.#publishLetters(sorted);
		try {
			return await this.#apply(batch, sorted);
		} catch (error) {
			// Of one message's fault the others must not suffer; but whose it is must be found.
			if (isPassing(error)) throw error;
			return this.#oneByOne(batch, sorted);
		}
	}

	#sort(message: Message): Sorted<E> {
		try {
			return { message, event: this.#options.read(message) };
		} catch (error) {
			if (!(error instanceof Unreadable)) throw error;
			return { message, letter: letterOf(message, error.reason, error.message, 1) };
		}
	}

	async #apply(batch: Batch, sorted: readonly Sorted<E>[]): Promise<bigint> {
		const { topic, partition, end } = batch;
		const { db, prepare, handle, onParked } = this.#options;
		const name = `${topic} ${partition}`;
		const events = sorted.flatMap(({ event }) => event ?? []);
		const letters = sorted.flatMap(({ letter }) => letter ?? []);
		const next = sorted.at(-1)!.message.offset + 1n;
		await prepare?.(events);
		const expected = this.#expected.get(name) ?? 0n;
		const now = await db.transaction(async tx => {
			const at = await this.#rows.lock(topic, partition, tx);
			if (at !== expected) return at;
			const fresh = await this.#rows.admit(
				events.map(({ id }) => id),
				tx
			);
			const work = { topic, partition, next, end };
			await handle({ ...work, events: firstOfEach(events, fresh) }, tx);
			await this.#rows.park(letters, tx);
			await this.#rows.advance(topic, partition, next, tx);
			return next;
		});
		this.#expected.set(name, now);
		if (now === next) letters.forEach(onParked);
		return now;
	}

	/** Each message by itself, in its place; one that fails for good is put aside. */
	async #oneByOne(batch: Batch, sorted: readonly Sorted<E>[]): Promise<bigint> {
		let next = sorted[0]!.message.offset;
		for (const one of sorted) {
			if (batch.isStale()) return next;
			next = await this.#insist(batch, one);
			// Overtaken: what follows here is not what comes next.
			if (next !== one.message.offset + 1n) return next;
		}
		return next;
	}

	async #insist(batch: Batch, one: Sorted<E>): Promise<bigint> {
		for (let attempt = 1; ; attempt++)
			try {
				return await this.#apply(batch, [one]);
			} catch (error) {
				if (isPassing(error) || batch.isStale()) throw error;
				this.#options.onError(error as Error);
				if (attempt >= tries) return this.#giveUp(batch, one, error as Error);
				await batch.heartbeat();
				this.#heardAt = performance.now();
				await delay(backoffMs(attempt, firstPauseMs, longestPauseMs));
			}
	}

	async #giveUp(batch: Batch, { message }: Sorted<E>, { message: words }: Error): Promise<bigint> {
		const letter = letterOf(message, "handling-failed", words.slice(0, 500), tries);
		await this.#publishLetters([{ message, letter }]);
		return this.#apply(batch, [{ message, letter }]);
	}

	/** Before the transaction that moves past them: they may stand there twice, and are never lost. */
	async #publishLetters(sorted: readonly Sorted<E>[]): Promise<void> {
		const letters = sorted.flatMap(({ letter }) => letter ?? []);
		for (const [topic, own] of Map.groupBy(letters, letter => letter.topic))
			await this.#options.driver.publish(
				deadLettersOf(topic),
				own.map(letter => ({
					key: letter.key ?? "",
					value: letter.value.toString(),
					headers: { ...letter.headers, ...causeOf(letter, this.#options.group) }
				}))
			);
	}

	/** The driver's own silence (kafkajs #659), not that of a topic in which nothing happens. */
	async #look(): Promise<void> {
		if (performance.now() - this.#heardAt < silentMs) return;
		const { driver, onStuck, group } = this.#options;
		for (const { topic, partition } of this.#assigned) {
			const extent = (await driver.extents(topic)).find(one => one.partition === partition);
			const at = (await this.#rows.position(topic, partition)) ?? 0n;
			if (extent && extent.next > at && performance.now() - this.#heardAt > silentMs)
				return onStuck(
					`${group} has got nothing of ${topic} ${partition} for ${silentMs / 1000} s, and ${extent.next - at} messages wait`
				);
		}
	}
}

/** An id that stands twice in one batch is handled where it stands first. */
function firstOfEach<E extends { id: string }>(
	events: readonly E[],
	fresh: ReadonlySet<string>
): E[] {
	const left = new Set(fresh);
	return events.filter(({ id }) => left.delete(id));
}

function letterOf(message: Message, reason: Reason, detail: string, attempts: number): Letter {
	const { topic, partition, offset, key, value, headers } = message;
	return { topic, partition, offset, key, value, headers, reason, detail, attempts };
}

function causeOf(letter: Letter, group: string): Record<string, string> {
	return {
		"dlq-group": group,
		"dlq-reason": letter.reason,
		"dlq-detail": letter.detail,
		"dlq-attempts": String(letter.attempts),
		"dlq-topic": letter.topic,
		"dlq-partition": String(letter.partition),
		"dlq-offset": String(letter.offset)
	};
}

/**
 * What is no message's fault and will pass: no connection, a server that stops, has no room or
 * undid the transaction for the sake of others. Then nothing is put aside, whatever it takes.
 */
function isPassing(error: unknown): boolean {
	const state = sqlState(error);
	if (state) return /^(08|40|53|55|57|58)/.test(state);
	const { code, isPassing: said } = error as { code?: unknown; isPassing?: boolean };
	if (said !== undefined) return said;
	return (
		/^E[A-Z]+$/.test(String(code)) ||
		/connection|timeout exceeded|terminated/i.test((error as Error).message)
	);
}
