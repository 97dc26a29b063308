import { bulkhead, BulkheadRejectedError, type BulkheadPolicy } from "cockatiel";
import { fail } from "../../../lib/errors.ts";

export interface BulkheadOptions {
	/** Works that run, and that wait, at one time. */
	concurrency: number;
	queue: number;
	/** Longest wait of a work before it begins. */
	waitWithinMs: number;
}

/** Lets some works run at one time and others wait, in the order in which they came. */
export class Bulkhead {
	readonly #policy: BulkheadPolicy;
	readonly #options: BulkheadOptions;

	constructor(options: BulkheadOptions) {
		this.#options = options;
		this.#policy = bulkhead(options.concurrency, options.queue);
	}

	get isIdle(): boolean {
		return this.#policy.executionSlots === this.#options.concurrency;
	}

	/** @throws OVERLOADED when too many wait, or it has waited too long; then the work did not begin */
	async run<R>(work: () => Promise<R>): Promise<R> {
		const { waitWithinMs } = this.#options;
		const askedAt = performance.now();
		try {
			return await this.#policy.execute(() =>
				performance.now() - askedAt > waitWithinMs ? fail("OVERLOADED") : work()
			);
		} catch (error) {
			if (error instanceof BulkheadRejectedError) fail("OVERLOADED");
			throw error;
		}
	}
}

/** A bulkhead for each key, so that the works of one key wait for each other and not for those of another. */
export class BulkheadByKey {
	readonly #options: BulkheadOptions;
	readonly #bulkheads = new Map<string, Bulkhead>();

	constructor(options: BulkheadOptions) {
		this.#options = options;
	}

	/** How many keys have works. */
	get size(): number {
		return this.#bulkheads.size;
	}

	/** @throws OVERLOADED as `Bulkhead` does */
	async run<R>(key: string, work: () => Promise<R>): Promise<R> {
		const own = this.#bulkheads.get(key) ?? new Bulkhead(this.#options);
		this.#bulkheads.set(key, own);
		try {
			return await own.run(work);
		} finally {
			if (own.isIdle) this.#bulkheads.delete(key);
		}
	}
}
