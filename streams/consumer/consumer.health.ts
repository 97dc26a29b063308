import type { Database } from "../../db/database.ts";
import { Periodic } from "../../lib/periodic.ts";
import { within } from "../../lib/retry.ts";
import type { PositionRepository } from "./storage/position.repository.ts";
import type { Driver } from "../driver.ts";
import { nameOf, StallDetector, type Partition, type PartitionPosition } from "./stall-detector.ts";

export interface ConsumerHealthOptions {
	driver: Pick<Driver, "extents">;
	/** Its pool may be what is stuck, so it is not used. */
	db: Pick<Database, "apart">;
	positions: Pick<PositionRepository, "ofTopic">;
	group: string;
	topics: readonly string[];
	everyMs: number;
	/** Longest time without progress of a partition. */
	silentMs: number;
	/** The offset at which this member expects to continue. */
	expectedOffset(place: PartitionPosition): bigint;
	/** Some positions were set back without a hint to this member. */
	onMoved(): void;
	onStalled(words: string): void;
	onError(error: Error): void;
}

/** A member without partitions waits longer: another may be about to restart for the same reason, and leave it its partitions. */
const idleTimeoutFactor = 3;

/**
 * Checks periodically whether a consumer makes progress, by its rows and the log, independently of the driver and of the
 * connections that the consumer and others of its process use.
 */
export class ConsumerHealth {
	readonly #options: ConsumerHealthOptions;
	readonly #stallDetector: StallDetector;
	#assigned: ReadonlySet<string> = new Set();
	/** Its last non-empty assignment: a rebalance revokes all partitions for a moment. */
	#had: ReadonlySet<string> = new Set();
	/** Partitions whose rows were behind the expected offsets at the last check. */
	#behind: ReadonlySet<string> = new Set();
	readonly #periodic: Periodic;

	constructor(options: ConsumerHealthOptions) {
		this.#options = options;
		this.#stallDetector = new StallDetector(options.silentMs);
		const { everyMs } = options;
		const onError = (error: Error) => this.#fail(error);
		// A check may wait forever for a server that is silent. Then the next one begins, which sees the stall.
		const work = () => within(everyMs, this.#check().catch(onError));
		this.#periodic = new Periodic({ everyMs, work, onError });
	}

	start(): void {
		this.#periodic.start();
	}

	/** Does not wait for the current check, which may wait for a server that is silent. */
	stop(): void {
		void this.#periodic.stop();
	}

	assign(partitions: readonly Partition[]): void {
		this.#assigned = new Set(partitions.map(nameOf));
		if (partitions.length === 0) return;
		for (const gained of partitions)
			if (!this.#had.has(nameOf(gained))) this.#stallDetector.excuse(gained);
		this.#had = this.#assigned;
	}

	/** It waits for servers that are down, so a restart would not help. */
	excuse(partition: Partition): void {
		this.#stallDetector.excuse(partition);
	}

	/** The database or the log is down: then there is no progress, for no fault of this member. */
	#fail(error: Error): void {
		this.#stallDetector.reset();
		this.#options.onError(error);
	}

	async #check(): Promise<void> {
		const { group, silentMs, onStalled } = this.#options;
		const mine = await this.#ownPartitions();
		this.#checkBehind(mine);
		const timeoutFactor = this.#assigned.size > 0 ? 1 : idleTimeoutFactor;
		const [stalled] = this.#stallDetector.check(mine, performance.now(), timeoutFactor);
		if (!stalled) return;
		const { topic, partition, next, end } = stalled;
		const waiting = `${end - next} messages of ${topic} ${partition} wait`;
		const forS = (timeoutFactor * silentMs) / 1000;
		onStalled(`consumer ${group} made no progress for ${forS} s, and ${waiting}`);
	}

	/** All, if it has none: a member that was removed and cannot rejoin is assigned none. */
	async #ownPartitions(): Promise<PartitionPosition[]> {
		const { driver, db, positions, topics } = this.#options;
		const places: PartitionPosition[] = [];
		for (const topic of topics) {
			const [extents, reached] = await Promise.all([
				driver.extents(topic, { apart: true }),
				db.apart(session => positions.ofTopic(topic, session))
			]);
			for (const { partition, first, next: end } of extents) {
				const at = reached.get(partition) ?? first;
				// Expired messages are not waiting.
				places.push({ topic, partition, next: at > first ? at : first, end });
			}
		}
		if (this.#assigned.size === 0) return places;
		return places.filter(place => this.#assigned.has(nameOf(place)));
	}

	/** Checked twice in a row, because a commit may come between two reads. */
	#checkBehind(mine: readonly PartitionPosition[]): void {
		const behind = mine
			.filter(place => place.next < this.#options.expectedOffset(place))
			.map(nameOf);
		if (behind.some(name => this.#behind.has(name))) this.#options.onMoved();
		this.#behind = new Set(behind);
	}
}
