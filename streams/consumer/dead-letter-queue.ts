import { fail } from "../../lib/errors.ts";
import type { Database, Transaction } from "../../db/database.ts";
import { ConsumerRepository } from "./consumer.repository.ts";
import type { ConsumerOptions, StreamEvent } from "./consumer.ts";
import { isTransient } from "./transient-error.ts";
import { Unreadable, type Reason } from "../messages/event-reader.ts";

/** A stored dead letter of a consumer. */
export interface StoredDeadLetter {
	id: string;
	topic: string;
	partition: number;
	offset: number;
	key: string | null;
	value: Buffer;
	headers: Record<string, string>;
	reason: Reason;
	detail: string;
	attempts: number;
	at: Date;
	redriven_at: Date | null;
}

/** A position in the list, which starts with the latest. */
export interface DeadLetterPosition {
	at: Date;
	id: string;
}

const columns = `id, topic, partition, "offset", key, value, headers, reason, detail, attempts,
	at, redriven_at`;
const end: { at: Date | string; id: string } = {
	at: "infinity",
	id: "ffffffff-ffff-ffff-ffff-ffffffffffff"
};

/** The dead letters of a consumer: list, show and redrive. */
export class DeadLetters<E extends StreamEvent> {
	readonly #options: ConsumerOptions<E>;
	readonly #db: Database;
	readonly #rows: ConsumerRepository;

	constructor(options: ConsumerOptions<E>) {
		this.#options = options;
		this.#db = options.db;
		this.#rows = new ConsumerRepository(options.db, options.schema);
	}

	/** Those that were redriven, or those that were not; the latest first. */
	list(redriven: boolean, after: DeadLetterPosition | undefined, limit: number) {
		const { schema } = this.#options;
		const { at, id } = after ?? end;
		return this.#db.query<StoredDeadLetter>(
			{
				name: `${schema}.list_dead_letters`,
				text: `select ${columns} from ${schema}.dead_letter
					where (redriven_at is not null) = $1 and (at, id) < ($2::timestamptz, $3::uuid)
					order by at desc, id desc limit $4`
			},
			[redriven, at, id, limit]
		);
	}

	/** How many were not redriven. */
	async waiting(): Promise<number> {
		const { schema } = this.#options;
		const [row] = await this.#db.query<{ count: number }>({
			name: `${schema}.count_dead_letters`,
			text: `select count(*)::int as count from ${schema}.dead_letter where redriven_at is null`
		});
		return row!.count;
	}

	/** @throws NOT_FOUND */
	async get(id: string): Promise<StoredDeadLetter> {
		const { schema } = this.#options;
		const [row] = await this.#db.query<StoredDeadLetter>(
			{
				name: `${schema}.get_dead_letter`,
				text: `select ${columns} from ${schema}.dead_letter where id = $1`
			},
			[id]
		);
		return row ?? fail("NOT_FOUND");
	}

	/**
	 * Handles the message now, out of order; one that was already redriven is left as it is.
	 * @throws NOT_FOUND; REDRIVE_FAILED when it still cannot be read or handled; REPLAY_RUNNING when a
	 * replay will reach it and have it handled; UNAVAILABLE
	 */
	async redrive(id: string): Promise<StoredDeadLetter> {
		const deadLetter = await this.get(id);
		if (deadLetter.redriven_at) return deadLetter;
		const event = this.#read(deadLetter);
		try {
			await this.#options.prepare?.([event], false);
			if (await this.#handle(deadLetter, event)) return await this.get(id);
		} catch (error) {
			if (isTransient(error)) fail("UNAVAILABLE");
			fail("REDRIVE_FAILED", (error as Error).message.slice(0, 500));
		}
		return fail("REPLAY_RUNNING");
	}

	#read({ value, key, headers, topic, partition, offset }: StoredDeadLetter): E {
		// Its event time is compared with now: a time that was ahead of the clock may have passed.
		const message = { value, key, headers, topic, partition, at: new Date() };
		try {
			return this.#options.read({ ...message, offset: BigInt(offset) });
		} catch (error) {
			if (!(error instanceof Unreadable)) throw error;
			return fail("REDRIVE_FAILED", `${error.reason}: ${error.message}`);
		}
	}

	/** False when a replay will reach it, which would apply it a second time. */
	async #handle({ id, topic, partition }: StoredDeadLetter, event: E): Promise<boolean> {
		const { driver, handle } = this.#options;
		const extents = await driver.extents(topic);
		const end = extents.find(one => one.partition === partition)?.next ?? 0n;
		return this.#db.transaction(async tx => {
			// Under the lock of the position the consumer waits, so that nothing else of the partition is handled meanwhile.
			const { next, replay } = await this.#rows.lock(topic, partition, tx);
			if (replay?.mode === "again") return false;
			if (!(await this.#take(id, tx))) return true;
			const known = await this.#rows.markHandled([event.id], tx);
			const events = known.size > 0 ? [] : [event];
			await handle({ topic, partition, next, end, again: false, events }, tx);
			return true;
		});
	}

	/** False when it has been redriven concurrently. */
	async #take(id: string, tx: Transaction): Promise<boolean> {
		const { schema } = this.#options;
		const rows = await tx.query(
			{
				name: `${schema}.redrive`,
				text: `update ${schema}.dead_letter set redriven_at = clock_timestamp()
					where id = $1 and redriven_at is null returning id`
			},
			[id]
		);
		return rows.length > 0;
	}
}
