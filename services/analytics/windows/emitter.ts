import type { Database, Transaction } from "../../../db/database.ts";
import { failpoint } from "../../../lib/failpoint.ts";
import { Periodic } from "../../../lib/periodic.ts";
import type { Extent } from "../../../streams/driver.ts";
import { keyOf, toMessage } from "./window-messages.ts";
import {
	recordExtents,
	purgeWindowUsers,
	moveWatermark,
	readPartitions,
	acquireEmitterLock,
	emitWindows,
	extentRows,
	dueWindows,
	resultRows
} from "./window.statements.ts";
import {
	correctEveryMs,
	emission,
	allowedLatenessMs,
	watermarkOf,
	windowMs,
	type Partition,
	type Result,
	type Window
} from "./tumbling.window.ts";

export interface WindowEmitterOptions {
	pg: Database;
	topic: string;
	/** Of the topic: a partition that was never read delays all windows. */
	extents(): Promise<readonly Extent[]>;
	everyMs: number;
	/** Called with failures that are retried. */
	onError(error: Error): void;
	onEmitted?(results: readonly Result[], watermark: number): void;
}

interface Clock {
	watermark: number;
	now: number;
}

/** Most windows in one transaction. */
const pageSize = 500;

/**
 * Moves the watermark and emits windows: the result's row and the message are written in one transaction.
 * Runs on every node of the service; the one that holds the lock works.
 */
export class WindowEmitter {
	readonly #options: WindowEmitterOptions;
	readonly #periodic: Periodic;

	constructor(options: WindowEmitterOptions) {
		this.#options = options;
		const { everyMs, onError } = options;
		this.#periodic = new Periodic({ everyMs, work: () => this.#run(), onError });
	}

	start(): void {
		this.#periodic.start();
	}

	stop(): Promise<void> {
		return this.#periodic.stop();
	}

	/** Answers whether more windows are due. */
	async #run(): Promise<boolean> {
		if ((await this.emitDue()) === pageSize) return true;
		await this.#options.pg.deferred(purgeWindowUsers);
		return false;
	}

	/** Emits windows that are due, at most a page. Returns how many. */
	async emitDue(): Promise<number> {
		const { pg, topic, extents, onEmitted } = this.#options;
		const ends = await extents();
		const [results, watermark] = await pg.transaction(async tx => {
			const [lock] = await tx.query<{ mine: boolean }>(acquireEmitterLock, [topic]);
			if (!lock!.mine) return [[], 0];
			const clock = await this.#advanceWatermark(ends, tx);
			return [await this.#emit(clock, tx), clock.watermark];
		});
		if (results.length > 0) onEmitted?.(results, watermark);
		return results.length;
	}

	async #advanceWatermark(ends: readonly Extent[], tx: Transaction): Promise<Clock> {
		const { topic } = this.#options;
		await tx.query(recordExtents, [topic, ...extentRows.values(ends)]);
		const partitions = await tx.query<Partition & { now: number }>(readPartitions, [topic]);
		const reached = watermarkOf(partitions, partitions[0]?.now ?? -Infinity);
		const to = Number.isFinite(reached) ? reached : 0;
		const [clock] = await tx.query<Clock>(moveWatermark, [topic, to]);
		return clock!;
	}

	async #emit({ watermark, now }: Clock, tx: Transaction): Promise<Result[]> {
		const ended = watermark - windowMs;
		const limits = [ended, ended - allowedLatenessMs, correctEveryMs, pageSize];
		const windows = await tx.query<Window>(dueWindows, limits);
		const results = windows.flatMap(window => emission(window, watermark, now) ?? []);
		if (results.length === 0) return results;
		const rows = results.map(result => ({
			...result,
			key: keyOf(result),
			value: JSON.stringify(toMessage(result, now))
		}));
		await tx.query(emitWindows, resultRows.values(rows));
		await failpoint("analytics.window.after_emit");
		return results;
	}
}
