/** Where a partition stands, as its rows and the log say. */
export interface PartitionPosition {
	topic: string;
	partition: number;
	/** Offsets: where it is gone on with, and the one that will be written next. */
	next: bigint;
	end: bigint;
}

export type Partition = Pick<PartitionPosition, "topic" | "partition">;
export const nameOf = ({ topic, partition }: Partition) => `${topic} ${partition}`;

/**
 * Finds partitions in which nothing moves though something waits: a driver that fell silent
 * (kafkajs #659), or a handler that fails for ever. It is told what was seen, and asks nobody.
 */
export class StallDetector {
	readonly #silentMs: number;
	/** By partition in which something waits: where it was, and since when. */
	#seen = new Map<string, { next: bigint; sinceMs: number }>();

	constructor(silentMs: number) {
		this.#silentMs = silentMs;
	}

	/**
	 * Answers those that have stood still for too long.
	 * @param places all that are this member's to move
	 * @param nowMs of a clock that never goes back
	 * @param timeoutFactor how many times as long as usual it waits
	 */
	check(
		places: readonly PartitionPosition[],
		nowMs: number,
		timeoutFactor = 1
	): PartitionPosition[] {
		const before = this.#seen;
		this.#seen = new Map();
		const waiting = places.filter(({ next, end }) => end > next);
		return waiting.filter(({ topic, partition, next }) => {
			const name = nameOf({ topic, partition });
			const last = before.get(name);
			const sinceMs = last?.next === next ? last.sinceMs : nowMs;
			this.#seen.set(name, { next, sinceMs });
			return nowMs - sinceMs >= timeoutFactor * this.#silentMs;
		});
	}

	/** That it stands still is not its own fault, or was not this member's: it is given its time anew. */
	excuse(partition: Partition): void {
		this.#seen.delete(nameOf(partition));
	}

	/** Nothing could be seen: whoever could not be asked may be why nothing moved. */
	reset(): void {
		this.#seen.clear();
	}
}
