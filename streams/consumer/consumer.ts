import type { Database, Transaction } from "../../db/database.ts";
import { backoffMs } from "../../lib/backoff.ts";
import { failpoint } from "../../lib/failpoint.ts";
import { sqlState } from "../../lib/sql-state.ts";
import { setTimeout as delay } from "node:timers/promises";
import { ConsumerRepository, type Replay, type Standing } from "./consumer.repository.ts";
import { ConsumerWatch } from "./consumer.health.ts";
import type { Batch, Driver, Message, Subscription } from "../driver.ts";
import { copyOf, letterOf, type Letter } from "./dead-letter.ts";
import { isPassing } from "./transient-error.ts";
import { Unreadable } from "../messages/event-reader.ts";
import { deadLettersOf } from "../messages/topics.ts";

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
	/** They had their effect before, which was taken back or is wanted once more. */
	again: boolean;
}

/** What a consumer must know of an event. */
export interface StreamEvent {
	id: string;
	/** RFC 3339: when it happened. */
	time: string;
}

export interface ConsumerOptions<E extends StreamEvent> {
	driver: Driver;
	db: Database;
	/** Of the service: it has the tables inbox, position and dead_letter. */
	schema: string;
	group: string;
	topics: readonly string[];
	/** @throws Unreadable */
	read(message: Message): E;
	/** What must be asked of others, before the transaction. @param again as in `Work` */
	prepare?(events: readonly E[], again: boolean): Promise<void>;
	/** Database changes only, in the transaction that records that these events were handled. */
	handle(work: Work<E>, tx: Transaction): Promise<void>;
	/** Told of what failed and is tried again. */
	onError(error: Error): void;
	onParked(letter: Letter): void;
	/** Told when nothing was got on with for a minute though something waits: the process has to be restarted. */
	onStuck(words: string): void;
	/** How often it looks whether it gets on, and how long it may not. */
	watch?: { everyMs: number; silentMs: number };
}

/** How often a message is tried where it stands, before it is put aside: 0.1 to 3 s apart, some 10 s. */
const tries = 7;
const [firstPauseMs, longestPauseMs] = [100, 3000];
const watch = { everyMs: 15_000, silentMs: 60_000 };

/** Neither event nor letter: a message of a replay that has been put aside already. */
interface Sorted<E> {
	message: Message;
	event?: E;
	letter?: Letter;
}

const nowhere: Standing = { next: 0n, replay: undefined };
const nameOf = (topic: string, partition: number) => `${topic} ${partition}`;

/**
 * Applies each event once: that it was handled (inbox), what came of it, and where to go on are one
 * transaction. The position's row is the fence too: a batch whose start is not what the row says was
 * overtaken, by another member or by a replay, and changes nothing.
 */
export class Consumer<E extends StreamEvent> {
	readonly #options: ConsumerOptions<E>;
	readonly #rows: ConsumerRepository;
	/** What this member believes the partitions' rows to say. */
	readonly #standings = new Map<string, Standing>();
	#subscription: Subscription | undefined;
	readonly #watch: ConsumerWatch;

	constructor(options: ConsumerOptions<E>) {
		this.#options = options;
		this.#rows = new ConsumerRepository(options.db, options.schema);
		this.#watch = new ConsumerWatch({
			...{ ...options, ...watch, ...options.watch, rows: this.#rows },
			believes: place => this.#standing(place).next,
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
			onAssigned: partitions => this.#watch.assign(partitions)
		});
		this.#watch.start();
	}

	/** Resolves when the batch in hand is done with. */
	async stop(): Promise<void> {
		this.#watch.stop();
		await this.#subscription?.stop();
	}

	/** Looks again where to go on: the rows were moved. */
	reposition(): void {
		this.#subscription?.reposition();
	}

	async #position(topic: string, partition: number): Promise<bigint | undefined> {
		const standing = await this.#rows.standing(topic, partition);
		this.#standings.set(nameOf(topic, partition), standing ?? nowhere);
		return standing?.next;
	}

	#standing({ topic, partition }: Pick<Batch, "topic" | "partition">): Standing {
		return this.#standings.get(nameOf(topic, partition)) ?? nowhere;
	}

	async #onBatch(batch: Batch): Promise<bigint> {
		await failpoint("stream.consumer.after_read");
		const sorted = await this.#knowAgain(
			batch.messages.map(message => this.#sort(message)),
			this.#standing(batch).replay
		);
		await this.#publishLetters(sorted);
		try {
			return await this.#apply(batch, sorted);
		} catch (error) {
			// Of one message's fault the others must not suffer; but whose it is must be found.
			if (isPassing(error)) throw this.#excused(batch, error);
			return this.#oneByOne(batch, sorted).catch(failure => {
				throw this.#excused(batch, failure);
			});
		}
	}

	/** A statement that takes too long is this consumer's own: when all of them do, it is to be seen. */
	#excused(batch: Batch, error: unknown): unknown {
		if (isPassing(error) && sqlState(error) !== "57014") this.#watch.excuse(batch);
		return error;
	}

	#sort(message: Message): Sorted<E> {
		try {
			return { message, event: this.#options.read(message) };
		} catch (error) {
			if (!(error instanceof Unreadable)) throw error;
			return { message, letter: letterOf(message, error.reason, error.message, 1) };
		}
	}

	/**
	 * In a replay nothing is put aside that was put aside already. What was redriven since had its effect
	 * and has it anew: its time was ahead of the log's clock, and has come to pass.
	 */
	async #knowAgain(
		sorted: readonly Sorted<E>[],
		replay: Replay | undefined
	): Promise<readonly Sorted<E>[]> {
		const letters = replay ? lettersOf(sorted).filter(({ offset }) => offset < replay.until) : [];
		if (letters.length === 0) return sorted;
		const known = await this.#rows.known(letters);
		return sorted.map(one => {
			const { message, letter } = one;
			const before = letter && known.get(letter.offset);
			if (!before) return one;
			const { event } = before.isRedriven ? this.#sort({ ...message, at: new Date() }) : {};
			return event ? { message, event } : { message };
		});
	}

	/** Answers where to go on: what lies behind a replay is another batch. */
	async #apply(batch: Batch, given: readonly Sorted<E>[]): Promise<bigint> {
		const { topic, partition, end } = batch;
		const { db, prepare, handle, onParked } = this.#options;
		const believed = this.#standing(batch);
		const { replay } = believed;
		const [sorted, current] = partOf(given, replay);
		const events = eventsOf(sorted, current);
		const letters = lettersOf(sorted);
		const next = sorted.at(-1)!.message.offset + 1n;
		const again = current?.mode === "again";
		if (current?.mode !== "quiet") await prepare?.(events, again);
		const isDone = await db.transaction(async tx => {
			if (!isSame(await this.#rows.lock(topic, partition, tx), believed)) return false;
			const known = await this.#admit(sorted, again ? current : undefined, tx);
			const work = { topic, partition, next, end, again };
			const own = current?.mode === "quiet" ? [] : firstOfEach(events, known);
			await handle({ ...work, events: own }, tx);
			await this.#rows.park(letters, tx);
			await failpoint("stream.consumer.before_offset");
			await this.#rows.advance(topic, partition, next, tx);
			return true;
		});
		if (!isDone) return (await this.#position(topic, partition)) ?? 0n;
		await failpoint("stream.consumer.after_commit");
		this.#standings.set(nameOf(topic, partition), { next, replay });
		letters.forEach(onParked);
		return next;
	}

	/** All that is there, also what has no effect in a replay. Answers what was known. */
	#admit(
		sorted: readonly Sorted<E>[],
		replay: Replay | undefined,
		tx: Transaction
	): Promise<ReadonlySet<string>> {
		const ids = sorted.filter(({ event }) => event).map(({ event }) => event!.id);
		return replay ? this.#rows.readmit(ids, replay.number, tx) : this.#rows.admit(ids, tx);
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
		const { driver, group } = this.#options;
		const letters = lettersOf(sorted);
		for (const [topic, own] of Map.groupBy(letters, letter => letter.topic))
			await driver.publish(
				deadLettersOf(topic),
				own.map(letter => copyOf(letter, group))
			);
	}
}

/** A replay may begin where one already is. */
function isSame(a: Standing, b: Standing): boolean {
	const runningOf = ({ next, replay }: Standing) =>
		replay && replay.until > next ? replay.number : undefined;
	return a.next === b.next && runningOf(a) === runningOf(b);
}

/** What comes first of a batch: messages of the replay, or those that are none, with no replay. */
function partOf<E>(
	sorted: readonly Sorted<E>[],
	replay: Replay | undefined
): [readonly Sorted<E>[], Replay | undefined] {
	if (!replay || sorted[0]!.message.offset >= replay.until) return [sorted, undefined];
	return [sorted.filter(({ message }) => message.offset < replay.until), replay];
}

/** Filtered and mapped instead of flatMap here and below: of thousands nearly none, or nearly all, are wanted. */
function lettersOf<E>(sorted: readonly Sorted<E>[]): Letter[] {
	return sorted.filter(({ letter }) => letter).map(({ letter }) => letter!);
}

/** Those that may have an effect. */
function eventsOf<E extends StreamEvent>(
	sorted: readonly Sorted<E>[],
	replay: Replay | undefined
): E[] {
	const events = sorted.filter(({ event }) => event).map(({ event }) => event!);
	if (replay?.mode !== "again" || replay.floorMs === 0) return events;
	return events.filter(({ time }) => Date.parse(time) >= replay.floorMs);
}

/** An id that stands twice in one batch is handled where it stands first. */
function firstOfEach<E extends { id: string }>(
	events: readonly E[],
	known: ReadonlySet<string>
): E[] {
	const seen = new Set(known);
	return events.filter(({ id }) => seen.size < seen.add(id).size);
}
