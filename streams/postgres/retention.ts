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
	/** Of the last one that was taken, as text: a Date has no microseconds. */
	at: string | null;
}

/** Few enough that no statement comes near its limit, however much there is to do. */
const pageSize = 1000;

/**
 * Removes from the log what its topics do not keep, page by page and beside the reading: it may take
 * long or fail, and costs no member a partition. Every member of every group does it for all topics;
 * those at it at the same time pass over what another has in hand.
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

	/** Resolves when the page in hand is done with. */
	async stop(): Promise<void> {
		this.#stopping.abort();
		await this.#ended;
	}

	async #run(): Promise<void> {
		const { signal } = this.#stopping;
		for (;;) {
			// The members of a shop start together, and need not come together.
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

	/** Each page begins where the last one ended, so it does not come by what that has just removed. */
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
