import type { Database } from "../../db/database.ts";
import { withJitter } from "../../lib/backoff.ts";
import { pause } from "../../lib/retry.ts";
import * as sql from "./log.statements.ts";

interface RetainedPartition {
	topic: string;
	partition: number;
	cleanup: "delete" | "compact";
	retention: number;
}

interface Page {
	count: number;
	/** Time of the last removed message, as text: a Date has no microseconds. */
	at: string | null;
}

/** Few enough that no statement comes near its time limit. */
const pageSize = 1000;

/**
 * Removes expired messages page by page, concurrently with reading: if it is slow or fails, no member loses a
 * partition. Every member of every group does it for all topics; concurrent ones skip rows that are locked.
 */
export class PostgresRetention {
	readonly #db: Database;
	readonly #everyMs: number;
	readonly #onError: (error: Error) => void;
	readonly #stopping = new AbortController();
	#ended: Promise<void> = Promise.resolve();

	constructor(db: Database, everyMs: number, onError: (error: Error) => void) {
		this.#db = db;
		this.#everyMs = everyMs;
		this.#onError = onError;
	}

	start(): void {
		this.#ended = this.#run();
	}

	/** Resolves when the current page has ended. */
	async stop(): Promise<void> {
		this.#stopping.abort();
		await this.#ended;
	}

	async #run(): Promise<void> {
		const { signal } = this.#stopping;
		for (;;) {
			// The members of a shop start together, so their first runs are spread.
			await pause(withJitter(this.#everyMs, Math.random()), signal);
			if (signal.aborted) return;
			await this.#prune().catch(this.#onError);
		}
	}

	async #prune(): Promise<void> {
		for (const kept of await this.#db.query<RetainedPartition>(sql.retainedPartitions))
			if (kept.cleanup === "compact") await this.#compact(kept);
			else await this.#expire(kept);
	}

	/** Each page starts where the last one ended, so it does not read rows that have just been removed. */
	async #expire({ topic, partition, retention }: RetainedPartition): Promise<void> {
		for (let from = "-infinity"; !this.#stopping.signal.aborted;) {
			const [page] = await this.#db.deferred<Page>(
				sql.expire,
				[topic, partition, retention, from, pageSize] // a page that is lost is expired again
			);
			if (page!.count < pageSize) return;
			from = page!.at!;
		}
	}

	async #compact({ topic, partition }: RetainedPartition): Promise<void> {
		while (!this.#stopping.signal.aborted) {
			const values = [topic, partition, pageSize];
			const [page] = await this.#db.deferred<Page>(sql.compact, values);
			if (page!.count < pageSize) return;
		}
	}
}
