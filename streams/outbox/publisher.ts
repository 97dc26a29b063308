import type { Database } from "../../db/database.ts";
import type { Lag } from "../../lib/gauges.ts";
import { Periodic } from "../../lib/periodic.ts";
import type { Driver } from "../driver.ts";
import { Relay, type Pending } from "./relay.ts";
import type { OutboxStatements } from "./outbox.statements.ts";

export interface PublisherOptions<R extends { id: number }> {
	db: Database;
	driver: Driver;
	statements: OutboxStatements;
	toPending(row: R): Pending;
	/** Creates the topics; repeated until it succeeds. */
	prepare(): Promise<void>;
	/** See RelayOptions. */
	mayPublish?(): Promise<boolean>;
	/** Called with failures to publish, which are retried. */
	onError(error: Error): void;
	/** Called with failures to measure the lag or to remove published rows, which are retried. */
	onHousekeepingError(error: Error): void;
	/** Called every few seconds; null when the lag cannot be read. */
	onLag(lag: Lag | null): void;
}

const housekeepingEveryMs = 5000;
const removeLimit = 1000;

/** Publishes the rows of an outbox, measures how many wait, and removes those published a week ago. */
export class OutboxPublisher<R extends { id: number } = { id: number }> {
	readonly #options: PublisherOptions<R>;
	readonly #relay: Relay<R>;
	readonly #housekeeping: Periodic;

	constructor(options: PublisherOptions<R>) {
		this.#options = options;
		const { onHousekeepingError: onError } = options;
		this.#relay = new Relay(options);
		const work = () => this.#keepHouse();
		this.#housekeeping = new Periodic({ everyMs: housekeepingEveryMs, work, onError });
	}

	start(): void {
		this.#relay.start();
		this.#housekeeping.start();
	}

	/** Publishes at once, because a row was committed. */
	nudge(): void {
		this.#relay.nudge();
	}

	async stop(): Promise<void> {
		await Promise.all([this.#housekeeping.stop(), this.#relay.stop()]);
	}

	async lag(): Promise<Lag> {
		const { db, statements } = this.#options;
		const [lag] = await db.query<Lag>(statements.lag);
		return lag!;
	}

	/** Answers how many rows it removed, at most 1000. */
	async remove(): Promise<number> {
		const { db, statements } = this.#options;
		const [removed] = await db.query<{ count: number }>(statements.remove, [removeLimit]);
		return removed!.count;
	}

	async #keepHouse(): Promise<boolean> {
		try {
			this.#options.onLag(await this.lag());
		} catch (error) {
			this.#options.onLag(null);
			throw error;
		}
		return (await this.remove()) === removeLimit;
	}
}
