import { nameOf, type Partition } from "./stall-detector.ts";

/**
 * How many messages of a partition are handled together: half as many when so many took longer than a statement may,
 * twice as many after each batch that did not. Without it the same batch would be repeated for ever.
 */
export class BatchSize {
	/** Of partitions whose batches are cut. */
	readonly #limits = new Map<string, number>();

	/** The first messages of a batch, at least one. */
	cut<M>(partition: Partition, batch: readonly M[]): readonly M[] {
		const limit = this.#limits.get(nameOf(partition));
		return limit === undefined || limit >= batch.length ? batch : batch.slice(0, limit);
	}

	/** @param count of messages that took too long together */
	halve(partition: Partition, count: number): void {
		this.#limits.set(nameOf(partition), Math.ceil(count / 2));
	}

	/** @param count of messages that were handled together, `waiting` of how many there were */
	grow(partition: Partition, count: number, waiting: number): void {
		if (count === waiting) this.#limits.delete(nameOf(partition));
		else this.#limits.set(nameOf(partition), count * 2);
	}
}
