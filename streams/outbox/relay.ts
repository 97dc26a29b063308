import type { Database, Session } from "../../db/database.ts";
import { failpoint } from "../../lib/failpoint.ts";
import { pause, reconnectPauseMs, retry, within } from "../../lib/retry.ts";
import type { Driver, Outgoing } from "../driver.ts";
import { recordBatches } from "../record-batches.ts";
import type { OutboxStatements } from "./outbox.statements.ts";
import { RelayLease, renewEveryMs } from "./relay-lease.ts";

/** A row of an outbox that waits to be published. */
export interface Pending {
	id: number;
	topic: string;
	message: Outgoing;
}

export interface RelayOptions<R extends { id: number }> {
	driver: Driver;
	db: Database;
	/** Of all relays of one outbox in one database, one works. */
	statements: OutboxStatements;
	toPending(row: R): Pending;
	/** Has to succeed before anything is published, and again after a failure. */
	prepare(): Promise<void>;
	/**
	 * Asked before each record batch, where another writer may own the topics: false marks rows without sending them, and
	 * rows wait while it rejects. By default all are sent.
	 */
	mayPublish?(): Promise<boolean>;
	/** Called with failures that are retried. */
	onError(error: Error): void;
}

const batchSize = 500;
/** Polling interval, for rows of other nodes; own rows cause a nudge. */
const sweepMs = 250;
const standByMs = 1000;

/**
 * Publishes an outbox to the log: at least once, in the order of ids. One relay at a time holds a lease, and makes sure
 * of it before it sends and when it marks rows: at worst, rows are published twice. One that is silent is replaced when
 * its lease expires, one whose session ends at once. While the broker is down it waits.
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
		const { db, prepare } = this.#options;
		const lost = new AbortController();
		const session = await db.session({ onLost: error => lost.abort(error) });
		let lease: RelayLease | undefined;
		try {
			lease = await this.#acquireLease(session);
			if (lease && !this.#isPrepared) await holding(lease, prepare());
			this.#isPrepared ||= lease !== undefined;
			while (lease && !this.#stopping.signal.aborted) {
				lost.signal.throwIfAborted();
				this.#nudged = new AbortController();
				const count = await this.#publish(session, lease);
				onProgress();
				if (count < batchSize) await pause(sweepMs, this.#stopping.signal, this.#nudged.signal);
			}
		} finally {
			// Another relay may succeed where this one failed.
			if (!lost.signal.aborted) await lease?.release().catch(() => undefined);
			await session.close();
		}
	}

	/** Waits until it has the lease. Undefined when it is stopped. */
	async #acquireLease(session: Session): Promise<RelayLease | undefined> {
		while (!this.#stopping.signal.aborted) {
			const lease = await RelayLease.acquire(session, this.#options.statements);
			if (lease) return lease;
			await pause(standByMs, this.#stopping.signal);
		}
		return undefined;
	}

	/** Publishes one batch. Returns how many rows it had. */
	async #publish(session: Session, lease: RelayLease): Promise<number> {
		const { statements, toPending } = this.#options;
		await lease.hold();
		const rows = await session.query<R>(statements.pending, [batchSize]);
		if (rows.length === 0) return 0;
		await failpoint("stream.relay.after_read");
		for (const [topic, waiting] of Map.groupBy(rows.map(toPending), row => row.topic)) {
			const messages = waiting.map(({ message }) => message);
			await this.#send(lease, topic, messages);
		}
		await failpoint("stream.relay.after_send");
		await lease.mark(rows.map(({ id }) => id));
		await failpoint("stream.relay.after_mark");
		return rows.length;
	}

	/**
	 * Sends while the lease is held: a holder that was frozen begins to send nothing when it wakes. Each record batch may take
	 * as long as a broker is slow, so who owns the topic is asked before each.
	 */
	async #send(lease: RelayLease, topic: string, messages: readonly Outgoing[]): Promise<void> {
		const { driver, mayPublish } = this.#options;
		for (const portion of recordBatches(messages)) {
			if (mayPublish && !(await mayPublish())) return;
			await lease.hold();
			await holding(lease, driver.publish(topic, portion));
		}
	}
}

/** Renews the lease until the work is done: a log may be slow for longer than a lease. */
async function holding(lease: RelayLease, work: Promise<void>): Promise<void> {
	const done = work.then(() => true);
	while (!(await within(renewEveryMs, done))) await lease.hold();
}
