/** Position and end of a partition, as its rows and the log say. */
export interface PartitionPosition {
	topic: string;
	partition: number;
	/** Offsets: the next message to handle, and the one that will be written next. */
	next: bigint;
	end: bigint;
}

export type Partition = Pick<PartitionPosition, "topic" | "partition">;
export const nameOf = ({ topic, partition }: Partition) => `${topic} ${partition}`;

/**
 * Finds partitions without progress though messages wait: because of a driver that stopped delivering
 * (kafkajs #659), or a handler that always fails. It only gets observations, and makes no queries.
 */
export class StallDetector {
	readonly #silentMs: number;
	/** By partition with waiting messages: its position, and since when. */
	#seen = new Map<string, { next: bigint; sinceMs: number }>();

	constructor(silentMs: number) {
		this.#silentMs = silentMs;
	}

	/**
	 * Returns those without progress for too long.
	 * @param places all partitions that this member is responsible for
	 * @param nowMs of a monotonic clock
	 * @param timeoutFactor multiplies the time limit
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

	/** Its lack of progress has another cause, or it was another member's: restarts its time. */
	excuse(partition: Partition): void {
		this.#seen.delete(nameOf(partition));
	}

	/** The check failed: the server that could not be queried may be the cause. */
	reset(): void {
		this.#seen.clear();
	}
}
