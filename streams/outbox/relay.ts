import type { Database, Session } from "../../db/database.ts";
import { failpoint } from "../../lib/failpoint.ts";
import { pause, reconnectPauseMs, retry } from "../../lib/retry.ts";
import type { Driver, Outgoing } from "../driver.ts";
import type { OutboxStatements } from "./outbox.statements.ts";

/** A row of an outbox that waits to be published. */
export interface Pending {
	id: number;
	topic: string;
	message: Outgoing;
}

export interface RelayOptions<R extends { id: number }> {
	driver: Driver;
	db: Database;
	/** Names the lock: of all relays with this name in one database, one works. */
	name: string;
	pending: OutboxStatements["pending"];
	mark: OutboxStatements["mark"];
	toPending(row: R): Pending;
	/** Has to succeed before anything is published, and again after a failure. */
	prepare(): Promise<void>;
	/** Called with failures that are retried. */
	onError(error: Error): void;
}

const batchSize = 500;
/** Polling interval, for rows of other nodes; own rows cause a nudge. */
const sweepMs = 250;
const standByMs = 1000;

/**
 * Publishes an outbox to the log: at least once, in the order of ids. One relay at a time holds an
 * advisory lock of its own session and marks rows through that session: when the connection is lost, so
 * is the lock, and at worst rows are published twice. While the broker is down it waits.
 *
 * Not `id > last`, which skips a row that is committed behind a later id, and not SKIP LOCKED, with
 * which two relays put the events of one order in the wrong order (docs/decisions/0016).
 */
export class Relay<R extends { id: number }> {
	readonly #options: RelayOptions<R>;
	readonly #stopping = new AbortController();
	#nudged = new AbortController();
	#isPrepared = false;
	#ended: Promise<void> = Promise.resolve();

	constructor(options: RelayOptions<R>) {
		this.#options = options;
	}

	start(): void {
		this.#ended = this.#run();
	}

	/** Publishes at once instead of at the next poll. */
	nudge(): void {
		this.#nudged.abort();
	}

	/** Finishes the current batch, and releases the lock. */
	async stop(): Promise<void> {
		this.#stopping.abort();
		await this.#ended;
	}

	async #run(): Promise<void> {
		await retry(onProgress => this.#serve(onProgress), {
			pauseMs: reconnectPauseMs,
			signal: this.#stopping.signal,
			onError: error => {
				// A log that lost its data has no topics either.
				this.#isPrepared = false;
				this.#options.onError(error);
			}
		});
	}

	/** Runs with one session until it is stopped. @throws the error that ended it */
	async #serve(onProgress: () => void): Promise<void> {
		const lost = new AbortController();
		const session = await this.#options.db.session({ onLost: error => lost.abort(error) });
		try {
			while (!this.#stopping.signal.aborted && !(await this.#lock(session)))
				await pause(standByMs, this.#stopping.signal);
			if (!this.#isPrepared) await this.#options.prepare();
			this.#isPrepared = true;
			while (!this.#stopping.signal.aborted) {
				lost.signal.throwIfAborted();
				this.#nudged = new AbortController();
				const count = await this.#publish(session);
				onProgress();
				if (count < batchSize) await pause(sweepMs, this.#stopping.signal, this.#nudged.signal);
			}
		} finally {
			await session.close();
		}
	}

	async #lock(session: Session): Promise<boolean> {
		const [row] = await session.query<{ locked: boolean }>(
			{
				name: "relay.lock",
				text: "select pg_try_advisory_lock(hashtext('relay'), hashtext($1)) as locked"
			},
			[this.#options.name]
		);
		return row!.locked;
	}

	/** Publishes one batch. Returns how many rows it had. */
	async #publish(session: Session): Promise<number> {
		const { driver, pending, mark, toPending } = this.#options;
		const rows = await session.query<R>(pending, [batchSize]);
		if (rows.length === 0) return 0;
		await failpoint("stream.relay.after_read");
		for (const [topic, messages] of Map.groupBy(rows.map(toPending), row => row.topic))
			await driver.publish(
				topic,
				messages.map(({ message }) => message)
			);
		await failpoint("stream.relay.after_send");
		const ids = rows.map(({ id }) => id);
		await session.query(mark, [ids]);
		await failpoint("stream.relay.after_mark");
		return rows.length;
	}
}
