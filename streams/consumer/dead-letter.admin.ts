import { fail } from "../../lib/errors.ts";
import type { TimePosition } from "../../lib/keyset.ts";
import { DeadLetterRepository, type StoredDeadLetter } from "./storage/dead-letter.repository.ts";
import { InboxRepository } from "./storage/inbox.repository.ts";
import { PositionRepository } from "./storage/position.repository.ts";
import type { ConsumerOptions, StreamEvent } from "./consumer.ts";
import { isTransient } from "./transient-error.ts";
import { Unreadable } from "../messages/event-reader.ts";

/** The dead letters of a consumer: list, show and redrive. */
export class DeadLetterAdmin<E extends StreamEvent> {
	readonly #options: ConsumerOptions<E>;
	readonly #positions: PositionRepository;
	readonly #inbox: InboxRepository;
	readonly #rows: DeadLetterRepository;

	constructor(options: ConsumerOptions<E>) {
		this.#options = options;
		this.#positions = new PositionRepository(options.db, options.schema);
		this.#inbox = new InboxRepository(options.db, options.schema);
		this.#rows = new DeadLetterRepository(options.db, options.schema);
	}

	/** Those that were redriven, or those that were not; the latest first. */
	list(redriven: boolean, after: TimePosition | undefined, limit: number) {
		return this.#rows.list(redriven, after, limit);
	}

	/** How many were not redriven. */
	waiting(): Promise<number> {
		return this.#rows.waiting();
	}

	/** @throws NOT_FOUND */
	async get(id: string): Promise<StoredDeadLetter> {
		return (await this.#rows.get(id)) ?? fail("NOT_FOUND");
	}

	/**
	 * Handles the message now, out of order; one that was already redriven is left as it is.
	 * @throws NOT_FOUND; REDRIVE_FAILED when it still cannot be read or handled; REPLAY_RUNNING when a
	 * replay will reach it and have it handled; UNAVAILABLE
	 */
	async redrive(id: string): Promise<StoredDeadLetter> {
		const deadLetter = await this.get(id);
		if (deadLetter.redriven_at) return deadLetter;
		const event = this.#read(deadLetter, await this.#now());
		const end = await this.#endOf(deadLetter);
		try {
			await this.#options.prepare?.([event], false);
			if (await this.#handle(deadLetter, event, end)) return await this.get(id);
		} catch (error) {
			if (isTransient(error)) fail("UNAVAILABLE");
			fail("REDRIVE_FAILED", (error as Error).message.slice(0, 500));
		}
		return fail("REPLAY_RUNNING");
	}

	/** By the database's clock: this node's may be wrong. */
	async #now(): Promise<Date> {
		const statement = { name: "dead_letter.now", text: "select clock_timestamp() as now" };
		const [row] = await this.#options.db.query<{ now: Date }>(statement);
		return row!.now;
	}

	#read({ value, key, headers, topic, partition, offset }: StoredDeadLetter, now: Date): E {
		// Its event time is compared with now: a time that was ahead of the clock may have passed.
		const message = { value, key, headers, topic, partition, at: now };
		try {
			return this.#options.read({ ...message, offset: BigInt(offset) });
		} catch (error) {
			if (!(error instanceof Unreadable)) throw error;
			return fail("REDRIVE_FAILED", `${error.reason}: ${error.message}`);
		}
	}

	/** The known end of its partition. @throws UNAVAILABLE while the log is down */
	async #endOf({ topic, partition }: StoredDeadLetter): Promise<bigint> {
		const extents = await this.#options.driver
			.extents(topic)
			.catch(() => fail("UNAVAILABLE", "the event log is unavailable"));
		return extents.find(one => one.partition === partition)?.next ?? 0n;
	}

	/** False when a replay will reach it, which would apply it a second time. */
	async #handle(
		{ id, topic, partition }: StoredDeadLetter,
		event: E,
		end: bigint
	): Promise<boolean> {
		const { db, handle } = this.#options;
		return db.transaction(async tx => {
			// Under the lock of the position the consumer waits, so that nothing else of the partition is handled meanwhile.
			const { next, replay } = await this.#positions.lock(topic, partition, tx);
			if (replay?.mode === "again") return false;
			if (!(await this.#rows.markRedriven(id, tx))) return true;
			const known = await this.#inbox.markHandled([event.id], tx);
			const events = known.size > 0 ? [] : [event];
			await handle({ topic, partition, next, end, again: false, events }, tx);
			return true;
		});
	}
}
