import type { Database, Transaction } from "../../db/database.ts";
import { backoffMs } from "../../lib/backoff.ts";
import { pause } from "../../lib/retry.ts";
import { endOfTime } from "../clock-skew.ts";
import { failpoint } from "../../lib/failpoint.ts";
import { isFullPool, sqlState } from "../../lib/database-error.ts";
import { DeadLetterRepository } from "./storage/dead-letter.repository.ts";
import { InboxRepository } from "./storage/inbox.repository.ts";
import { PositionRepository, type Replay, type Checkpoint } from "./storage/position.repository.ts";
import { BatchSize } from "./batch-size.ts";
import { ConsumerHealth } from "./consumer.health.ts";
import type { Batch, Driver, Message, Subscription } from "../driver.ts";
import { toDlqMessage, toDeadLetter, type DeadLetter } from "./dead-letter.ts";
import { recordHandling } from "./handling-spans.ts";
import { isTransient } from "./transient-error.ts";
import { Unreadable } from "../messages/event-reader.ts";
import { dlqTopicOf } from "../messages/topics.ts";

/** New events of one partition, in order. */
export interface EventBatch<E> {
	topic: string;
	partition: number;
	/** Empty if all events of a batch were already applied. */
	events: readonly E[];
	/** The offset after the batch. */
	next: bigint;
	/** Known end of the log: `end - next` messages are waiting. */
	end: bigint;
	/** They were applied before, and that effect was reset or is wanted once more. */
	again: boolean;
}

/** The properties of an event that a consumer uses. */
export interface StreamEvent {
	id: string;
	/** RFC 3339 event time. */
	time: string;
	type?: string;
	/** Of the request that caused it. */
	traceparent?: string | undefined;
}

export interface ConsumerOptions<E extends StreamEvent> {
	driver: Driver;
	db: Database;
	/** Schema of the service, with the tables inbox, position and dead_letter. */
	schema: string;
	group: string;
	topics: readonly string[];
	/** @throws Unreadable */
	read(message: Message): E;
	/** Remote calls before the transaction. @param again as in `EventBatch` */
	prepare?(events: readonly E[], again: boolean): Promise<void>;
	/** Database changes only, in the transaction that records these events in the inbox. */
	handle(work: EventBatch<E>, tx: Transaction): Promise<void>;
	/** Called with failures that are retried. */
	onError(error: Error): void;
	onDeadLettered(deadLetter: DeadLetter): void;
	/** Called when messages wait and there was no progress for a minute: the process has to be restarted. */
	onStalled(reason: string): void;
	/** How often progress is checked, and the longest time without any. */
	watch?: { everyMs: number; silentMs: number };
}

/**
 * Attempts at a message by itself before it is dead-lettered, after one with its batch: 0.1 to 3 s apart, 6.1 s of
 * pauses together.
 */
const maxAttempts = 7;
const [firstPauseMs, longestPauseMs] = [100, 3000];
const watch = { everyMs: 15_000, silentMs: 60_000 };

/** Neither event nor dead letter: a message of a replay that was dead-lettered before. */
interface Classified<E> {
	message: Message;
	event?: E;
	deadLetter?: DeadLetter;
}

const startOfLog: Checkpoint = { next: 0n, replay: undefined };
const nameOf = (topic: string, partition: number) => `${topic} ${partition}`;

/**
 * Applies each event once: the inbox, the effects and the position are written in one
 * transaction. The position's row is also the fence: a batch that does not start at the stored position was
 * overtaken, by another member or by a replay, and changes nothing.
 */
export class Consumer<E extends StreamEvent> {
	readonly #options: ConsumerOptions<E>;
	readonly #positions: PositionRepository;
	readonly #inbox: InboxRepository;
	readonly #deadLetters: DeadLetterRepository;
	/** The positions that this member expects in the partitions' rows. */
	readonly #checkpoints = new Map<string, Checkpoint>();
	readonly #size = new BatchSize();
	#subscription: Subscription | undefined;
	readonly #health: ConsumerHealth;

	constructor(options: ConsumerOptions<E>) {
		this.#options = options;
		this.#positions = new PositionRepository(options.db, options.schema);
		this.#inbox = new InboxRepository(options.db, options.schema);
		this.#deadLetters = new DeadLetterRepository(options.db, options.schema);
		this.#health = new ConsumerHealth({
			...options,
			...watch,
			...options.watch,
			positions: this.#positions,
			expectedOffset: place => this.#checkpoint(place).next,
			onMoved: () => this.reposition()
		});
	}

	async start(): Promise<void> {
		const { driver, group, topics, onError } = this.#options;
		this.#subscription = await driver.subscribe({
			group,
			topics,
			position: (topic, partition) => this.#position(topic, partition),
			onBatch: batch => this.#onBatch(batch),
			onError,
			onAssigned: partitions => this.#health.assign(partitions)
		});
		this.#health.start();
	}

	/** Resolves when the current batch has ended. */
	async stop(): Promise<void> {
		this.#health.stop();
		await this.#subscription?.stop();
	}

	/** Reads the positions again, because they were moved. */
	reposition(): void {
		this.#subscription?.reposition();
	}

	async #position(topic: string, partition: number): Promise<bigint | undefined> {
		const checkpoint = await this.#positions.checkpoint(topic, partition);
		this.#checkpoints.set(nameOf(topic, partition), checkpoint ?? startOfLog);
		return checkpoint?.next;
	}

	#checkpoint({ topic, partition }: Pick<Batch, "topic" | "partition">): Checkpoint {
		return this.#checkpoints.get(nameOf(topic, partition)) ?? startOfLog;
	}

	async #onBatch(batch: Batch): Promise<bigint> {
		await failpoint("stream.consumer.after_read");
		const classified = await this.#skipDeadLettered(
			batch.messages.map(message => this.#classify(message)),
			this.#checkpoint(batch).replay
		);
		try {
			return await this.#applySome(batch, classified);
		} catch (error) {
			// One failing message must not block the others, so each is tried by itself to find it.
			if (isTransient(error)) throw this.#excuseIfTransient(batch, error);
			return this.#oneByOne(batch, classified).catch(failure => {
				throw this.#excuseIfTransient(batch, failure);
			});
		}
	}

	/**
	 * A statement timeout is no transient error here, nor is a full pool: a consumer whose statements all time out, or that
	 * never gets a connection though the database gives the watch one, is reported as stalled.
	 */
	#excuseIfTransient(batch: Batch, error: unknown): unknown {
		if (isTransient(error) && !isTooLong(error) && !isFullPool(error)) this.#health.excuse(batch);
		return error;
	}

	/** As many of the messages as are in time; the driver delivers the others again. */
	async #applySome(batch: Batch, classified: readonly Classified<E>[]): Promise<bigint> {
		for (;;) {
			const some = this.#size.cut(batch, classified);
			await this.#publishDeadLetters(some);
			try {
				const next = await this.#apply(batch, some);
				this.#size.grow(batch, some.length, classified.length);
				return next;
			} catch (error) {
				if (!isTooLong(error) || some.length === 1 || batch.isStale()) throw error;
				this.#options.onError(
					new Error(`${some.length} messages took too long, trying half as many`)
				);
				this.#size.halve(batch, some.length);
				// Eleven halvings of 5 s are longer than a member may be without progress.
				this.#health.excuse(batch);
			}
		}
	}

	#classify(message: Message): Classified<E> {
		try {
			return { message, event: this.#options.read(message) };
		} catch (error) {
			if (!(error instanceof Unreadable)) throw error;
			return { message, deadLetter: toDeadLetter(message, error.reason, error.message, 1) };
		}
	}

	/**
	 * A replay dead-letters no message twice. A message that was redriven since has been applied, and is applied
	 * again: its event time was ahead of the log's clock, and had passed by then.
	 */
	async #skipDeadLettered(
		classified: readonly Classified<E>[],
		replay: Replay | undefined
	): Promise<readonly Classified<E>[]> {
		const deadLetters = replay
			? deadLettersIn(classified).filter(({ offset }) => offset < replay.until)
			: [];
		if (deadLetters.length === 0) return classified;
		const known = await this.#deadLetters.findDeadLettered(deadLetters);
		return classified.map(one => {
			const { message, deadLetter } = one;
			const before = deadLetter && known.get(deadLetter.offset);
			if (!before) return one;
			const { event } = before.isRedriven ? this.#classify({ ...message, at: endOfTime }) : {};
			return event ? { message, event } : { message };
		});
	}

	/** Returns the next position: messages after a replay's end are another batch. */
	async #apply(batch: Batch, given: readonly Classified<E>[]): Promise<bigint> {
		const { topic, partition, end } = batch;
		const { db, prepare, handle, onDeadLettered, group } = this.#options;
		const expected = this.#checkpoint(batch);
		const { replay } = expected;
		const [classified, current] = splitAtReplayEnd(given, replay);
		const events = eventsOf(classified, current);
		const deadLetters = deadLettersIn(classified);
		const next = classified.at(-1)!.message.offset + 1n;
		const again = current?.mode === "again";
		const startMs = Date.now();
		let own: E[] = [];
		if (current?.mode !== "quiet") await prepare?.(events, again);
		const isDone = await db.transaction(async tx => {
			if (!isSame(await this.#positions.lock(topic, partition, tx), expected)) return false;
			const known = await this.#markHandled(classified, again ? current : undefined, tx);
			const work = { topic, partition, next, end, again };
			own = current?.mode === "quiet" ? [] : firstOfEach(events, known);
			await handle({ ...work, events: own }, tx);
			await failpoint("stream.consumer.before_offset");
			const isLoss = classified[0]!.message.offset < expected.next;
			await this.#positions.advance(topic, partition, next, isLoss, tx);
			// After the position, which says what log they are of.
			await this.#deadLetters.insert(deadLetters, tx);
			return true;
		});
		if (!isDone) return (await this.#position(topic, partition)) ?? 0n;
		await failpoint("stream.consumer.after_commit");
		this.#checkpoints.set(nameOf(topic, partition), { next, replay });
		deadLetters.forEach(onDeadLettered);
		recordHandling(own, { ...batch, group, startMs });
		return next;
	}

	/** Records all events in the inbox, even those without an effect in a replay. Returns those that were in it. */
	#markHandled(
		classified: readonly Classified<E>[],
		replay: Replay | undefined,
		tx: Transaction
	): Promise<ReadonlySet<string>> {
		const ids = classified.filter(({ event }) => event).map(({ event }) => event!.id);
		return replay
			? this.#inbox.markReplayed(ids, replay.number, tx)
			: this.#inbox.markHandled(ids, tx);
	}

	/** Handles the messages one by one, in order; one that keeps failing is dead-lettered. */
	async #oneByOne(batch: Batch, classified: readonly Classified<E>[]): Promise<bigint> {
		let next = classified[0]!.message.offset;
		for (const one of classified) {
			if (batch.isStale()) return next;
			next = await this.#retryInPlace(batch, one);
			// Overtaken: the rest of the batch is not next any more.
			if (next !== one.message.offset + 1n) return next;
		}
		return next;
	}

	async #retryInPlace(batch: Batch, one: Classified<E>): Promise<bigint> {
		for (let attempt = 1; ; attempt++)
			try {
				return await this.#apply(batch, [one]);
			} catch (error) {
				if (isTransient(error) || batch.isStale()) throw error;
				this.#options.onError(error as Error);
				if (attempt >= maxAttempts) return this.#deadLetter(batch, one, error as Error);
				await pause(backoffMs(attempt, firstPauseMs, longestPauseMs));
			}
	}

	async #deadLetter(
		batch: Batch,
		{ message }: Classified<E>,
		{ message: words }: Error
	): Promise<bigint> {
		const deadLetter = toDeadLetter(message, "handling-failed", words.slice(0, 500), maxAttempts);
		await this.#publishDeadLetters([{ message, deadLetter }]);
		return this.#apply(batch, [{ message, deadLetter }]);
	}

	/**
	 * Published before the transaction that moves past them: they may be duplicated, and are never lost. While they cannot
	 * be, the partition waits, as for any transient error: a restart would not help.
	 * @throws Error of the log
	 */
	async #publishDeadLetters(classified: readonly Classified<E>[]): Promise<void> {
		const { driver, group } = this.#options;
		const deadLetters = deadLettersIn(classified);
		for (const [topic, own] of Map.groupBy(deadLetters, deadLetter => deadLetter.topic))
			try {
				const messages = own.map(deadLetter => toDlqMessage(deadLetter, group));
				await driver.publish(dlqTopicOf(topic), messages);
			} catch (error) {
				const { message: words } = error as Error;
				const waiting = `the dead letters of ${topic} ${own[0]!.partition} wait: ${words}`;
				throw Object.assign(new Error(waiting, { cause: error }), { isTransient: true });
			}
	}
}

/** A statement was ended by its time limit. */
const isTooLong = (error: unknown) => sqlState(error) === "57014";

/** A replay may start at the current position. */
function isSame(a: Checkpoint, b: Checkpoint): boolean {
	const runningOf = ({ next, replay }: Checkpoint) =>
		replay && replay.until > next ? replay.number : undefined;
	return a.next === b.next && runningOf(a) === runningOf(b);
}

/** The first part of a batch: its messages up to the replay's end, or all of them without a replay. */
function splitAtReplayEnd<E>(
	classified: readonly Classified<E>[],
	replay: Replay | undefined
): [readonly Classified<E>[], Replay | undefined] {
	if (!replay || classified[0]!.message.offset >= replay.until) return [classified, undefined];
	return [classified.filter(({ message }) => message.offset < replay.until), replay];
}

/** Filter and map are faster here than flatMap, because nearly none, or nearly all, of thousands remain. */
function deadLettersIn<E>(classified: readonly Classified<E>[]): DeadLetter[] {
	return classified.filter(({ deadLetter }) => deadLetter).map(({ deadLetter }) => deadLetter!);
}

/** Those that may have an effect. */
function eventsOf<E extends StreamEvent>(
	classified: readonly Classified<E>[],
	replay: Replay | undefined
): E[] {
	const events = classified.filter(({ event }) => event).map(({ event }) => event!);
	if (replay?.mode !== "again" || replay.floorMs === 0) return events;
	return events.filter(({ time }) => Date.parse(time) >= replay.floorMs);
}

/** An id that occurs twice in one batch is handled at its first occurrence. */
function firstOfEach<E extends { id: string }>(
	events: readonly E[],
	known: ReadonlySet<string>
): E[] {
	const seen = new Set(known);
	return events.filter(({ id }) => seen.size < seen.add(id).size);
}
