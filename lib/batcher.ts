import { Failure } from "./errors.ts";
import { refuseInsideTransaction } from "./transaction-scope.ts";

export interface BatcherOptions<I, O> {
	/** Does the work of all items at once; returns one result per item, in order. */
	run(items: I[]): Promise<O[]>;
	/** Concurrent batches (default 2). */
	maxInFlight?: number;
	/** Items in one batch (default 64). */
	maxItems?: number;
	/** Sum of weights in one batch, for bounded message sizes (default unbounded). */
	maxWeight?: number;
	weigh?(item: I): number;
	/** Items that may wait; beyond it OVERLOADED is thrown (default 10,000). */
	maxWaiting?: number;
	/** True when a failed batch certainly changed nothing, so that each item may be retried alone. */
	retryAlone?(error: unknown): boolean;
}

interface Waiting<I, O> {
	item: I;
	resolve(result: O): void;
	reject(error: unknown): void;
}

/**
 * Natural micro-batching: items that arrive while earlier batches are in flight go into the next one. There
 * is no timer: a single item is sent in the same turn of the event loop as a batch of one.
 * Measured 10 × the rate of one statement per order at 100 connections (docs/decisions/0004).
 */
export class Batcher<I, O> {
	readonly #options: Required<Omit<BatcherOptions<I, O>, "run">> &
		Pick<BatcherOptions<I, O>, "run">;
	#queue: Waiting<I, O>[] = [];
	#inFlight = 0;
	#scheduled = false;

	constructor(options: BatcherOptions<I, O>) {
		this.#options = {
			maxInFlight: 2,
			maxItems: 64,
			maxWeight: Number.POSITIVE_INFINITY,
			weigh: () => 1,
			maxWaiting: 10_000,
			retryAlone: () => false,
			...options
		};
	}

	/** Resolves with this item's own result. @throws OVERLOADED, or what `run` threw */
	add(item: I): Promise<O> {
		// A batch has items of many callers, so it must not run in the transaction of one.
		refuseInsideTransaction("batching");
		if (this.#queue.length >= this.#options.maxWaiting)
			return Promise.reject(new Failure("OVERLOADED"));
		return new Promise((resolve, reject) => {
			this.#queue.push({ item, resolve, reject });
			this.#schedule();
		});
	}

	/** Waits for the end of this turn, so that items which arrive together are sent together. */
	#schedule(): void {
		if (this.#scheduled) return;
		this.#scheduled = true;
		setImmediate(() => {
			this.#scheduled = false;
			this.#pump();
		});
	}

	#pump(): void {
		while (this.#queue.length > 0 && this.#inFlight < this.#options.maxInFlight) {
			this.#inFlight++;
			void this.#settle(this.#take()).finally(() => {
				this.#inFlight--;
				this.#pump();
			});
		}
	}

	#take(): Waiting<I, O>[] {
		const { maxItems, maxWeight, weigh } = this.#options;
		let count = 0;
		let weight = 0;
		for (const { item } of this.#queue.slice(0, maxItems)) {
			weight += weigh(item);
			if (count > 0 && weight > maxWeight) break;
			count++;
		}
		return this.#queue.splice(0, count);
	}

	async #settle(batch: Waiting<I, O>[]): Promise<void> {
		try {
			const results = await this.#options.run(batch.map(({ item }) => item));
			batch.forEach(({ resolve }, index) => resolve(results[index]!));
		} catch (error) {
			if (batch.length > 1 && this.#options.retryAlone(error))
				for (const single of batch) await this.#settle([single]);
			else for (const { reject } of batch) reject(error);
		}
	}
}
