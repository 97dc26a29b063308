import type { Database } from "../../../db/database.ts";
import type { Backlog } from "../placement/backlog.ts";
import { toOrder, type OrderRow } from "../storage/order.record.ts";
import { claimSagas, nameIncarnation, releaseLeases } from "../storage/order.statements.ts";
import type { SagaRun } from "./steps.ts";

interface ClaimedRow extends OrderRow {
	step: SagaRun["step"];
	attempt: number;
	fence: number;
	incarnation: string | null;
	cancel_requested: boolean;
	overdue: boolean;
	returning: SagaRun["returning"];
}

export interface PollerOptions {
	nodeId: string;
	leaseMs: number;
	pollMs: number;
	backlog: Backlog;
	onClaimed(work: SagaRun): void;
	onError(error: Error): void;
}

const claimLimit = 64;

/** Adopts orders that have slept long enough or whose node is gone. Runs on every order node. */
export class Poller {
	readonly #db: Database;
	readonly #options: PollerOptions;
	#timer: NodeJS.Timeout | undefined;
	#polling: Promise<void> = Promise.resolve();
	#isPolling = false;
	#isNudged = false;
	#stopped = false;

	constructor(db: Database, options: PollerOptions) {
		this.#db = db;
		this.#options = options;
	}

	start(): void {
		this.#schedule(0);
	}

	/** Stops looking, and lets other nodes have at once what this one still holds. */
	async stop(): Promise<void> {
		this.#stopped = true;
		clearTimeout(this.#timer);
		await this.#polling;
		const { nodeId, onError } = this.#options;
		await this.#db.query(releaseLeases, [nodeId]).catch(onError);
	}

	/** Looks at once, because somebody says there is something to see. */
	nudge(): void {
		this.#isNudged = true;
		if (this.#isPolling) return;
		clearTimeout(this.#timer);
		this.#schedule(0);
	}

	#schedule(delayMs: number): void {
		if (!this.#stopped)
			this.#timer = setTimeout(() => {
				this.#polling = this.#poll();
			}, delayMs);
	}

	/** A full batch means there is more: it looks again at once. */
	async #poll(): Promise<void> {
		let claimed = 0;
		this.#isPolling = true;
		this.#isNudged = false;
		try {
			claimed = await this.#claim();
			await this.#options.backlog.refresh();
		} catch (error) {
			this.#options.onError(error as Error);
		}
		this.#isPolling = false;
		this.#schedule(claimed === claimLimit || this.#isNudged ? 0 : this.#options.pollMs);
	}

	async #claim(): Promise<number> {
		const { nodeId, leaseMs, onClaimed } = this.#options;
		await this.#db.query(nameIncarnation);
		const rows = await this.#db.query<ClaimedRow>(claimSagas, [nodeId, leaseMs, claimLimit]);
		for (const row of rows) onClaimed(toSagaRun(row));
		return rows.length;
	}
}

function toSagaRun(row: ClaimedRow): SagaRun {
	return {
		order: toOrder(row),
		payment_method: row.payment_method,
		fence: row.fence,
		incarnation: row.incarnation,
		attempt: row.attempt,
		step: row.step,
		cancelRequested: row.cancel_requested,
		overdue: row.overdue,
		returning: row.returning
	};
}
