import type { Database } from "../../../db/database.ts";
import { Periodic } from "../../../lib/periodic.ts";
import type { Backlog } from "../placement/backlog.ts";
import { toOrder, type OrderRow } from "../storage/order.record.ts";
import { claimSagas, nameIncarnation, releaseLeases } from "../storage/order.statements.ts";
import type { SagaRun } from "./steps.ts";

interface ClaimedRow extends OrderRow {
	step: SagaRun["step"];
	attempt: number;
	waits_for: SagaRun["waitsFor"];
	fence: number;
	incarnation: string | null;
	cancel_requested: boolean;
	overdue: boolean;
	returning: SagaRun["returning"];
	traceparent: string | null;
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

/** Claims sagas whose sleep is over or whose lease has expired. Runs on every order node. */
export class Poller {
	readonly #db: Database;
	readonly #options: PollerOptions;
	readonly #periodic: Periodic;

	constructor(db: Database, options: PollerOptions) {
		this.#db = db;
		this.#options = options;
		const { pollMs, onError } = options;
		const work = () => this.#poll();
		this.#periodic = new Periodic({ everyMs: pollMs, firstAfterMs: 0, work, onError });
	}

	start(): void {
		this.#periodic.start();
	}

	/** Claims no more. */
	pause(): Promise<void> {
		return this.#periodic.stop();
	}

	/** Stops claiming, and releases the leases of this node, so that other nodes can go on at once. */
	async stop(): Promise<void> {
		await this.pause();
		const { nodeId, onError } = this.#options;
		await this.#db.query(releaseLeases, [nodeId]).catch(onError);
	}

	/** Polls at once, because a saga became due. */
	nudge(): void {
		this.#periodic.nudge();
	}

	/** Answers whether more sagas may be due: the batch was full. */
	async #poll(): Promise<boolean> {
		const { nodeId, leaseMs, backlog, onClaimed } = this.#options;
		await this.#db.query(nameIncarnation);
		const rows = await this.#db.query<ClaimedRow>(claimSagas, [nodeId, leaseMs, claimLimit]);
		for (const row of rows) onClaimed(toSagaRun(row));
		await backlog.refresh();
		return rows.length === claimLimit;
	}
}

function toSagaRun(row: ClaimedRow): SagaRun {
	return {
		order: toOrder(row),
		payment_method: row.payment_method,
		fence: row.fence,
		incarnation: row.incarnation,
		attempt: row.attempt,
		waitsFor: row.waits_for,
		step: row.step,
		cancelRequested: row.cancel_requested,
		overdue: row.overdue,
		returning: row.returning,
		refundReported: row.refund_reported_minor,
		traceparent: row.traceparent ?? undefined
	};
}
