import type { Consumer, ConsumerCrashEvent, EachBatchPayload } from "kafkajs";
import { within } from "../../lib/retry.ts";
import type { Extent, SubscribeOptions, Subscription } from "../driver.ts";
import { type FetchControl, KafkaPartition } from "./kafka.partition.ts";

const commitEveryMs = 1000;
const stopTimeoutMs = 5000;
/**
 * More than a member can have partitions: otherwise kafkajs would hold a batch back until others are accepted,
 * and deliver it after its partition was revoked.
 */
const atOnce = 1024;

async function settleWithin(ms: number, what: Promise<void> | undefined): Promise<void> {
	if (what) await within(ms, what).catch(() => undefined);
}

const nameOf = (topic: string, partition: number) => `${topic} ${partition}`;

/**
 * One member of a group. kafkajs assigns partitions and fetches; the consumer decides where each of them
 * continues, so committed offsets are a hint for others and never read here.
 */
export class KafkaSubscription implements Subscription {
	readonly #consumer: Consumer;
	readonly #options: SubscribeOptions;
	readonly #extents: (topic: string) => Promise<Extent[]>;
	readonly #onCrash: (error: Error) => void;
	#partitions = new Map<string, KafkaPartition>();
	/** The last assignment of each partition here: one of its batches may still be running. */
	readonly #latest = new Map<string, KafkaPartition>();
	readonly #moved = new Map<string, { topic: string; partition: number; offset: string }>();
	#committing: NodeJS.Timeout | undefined;
	#stopping = false;
	/** While kafkajs is joining the group, which cannot be cancelled. */
	#joining: PromiseWithResolvers<void> | undefined;

	/** @param onCrash called when kafkajs has stopped the consumer for good */
	constructor(
		consumer: Consumer,
		options: SubscribeOptions,
		extents: (topic: string) => Promise<Extent[]>,
		onCrash: (error: Error) => void
	) {
		this.#consumer = consumer;
		this.#options = options;
		this.#extents = extents;
		this.#onCrash = onCrash;
	}

	/** @throws Error also for a topic that does not exist */
	async start(): Promise<void> {
		const { GROUP_JOIN, REBALANCING, CRASH } = this.#consumer.events;
		this.#consumer.on(GROUP_JOIN, ({ payload }) => this.#join(payload.memberAssignment));
		this.#consumer.on(REBALANCING, () => this.#leave());
		this.#consumer.on(CRASH, event => this.#crashed(event));
		await this.#consumer.subscribe({ topics: [...this.#options.topics], fromBeginning: true });
		this.#joining = Promise.withResolvers();
		await this.#consumer.run({
			autoCommit: false,
			eachBatchAutoResolve: false,
			partitionsConsumedConcurrently: atOnce,
			eachBatch: payload => this.#take(payload)
		});
		this.#committing = setInterval(() => void this.#commit(), commitEveryMs).unref();
	}

	reposition(): void {
		for (const partition of this.#partitions.values()) partition.reposition();
	}

	async stop(): Promise<void> {
		if (this.#stopping) return;
		this.#stopping = true;
		clearInterval(this.#committing);
		this.#leave();
		await Promise.all([...this.#latest.values()].map(({ handled }) => handled));
		await settleWithin(stopTimeoutMs, this.#joining?.promise);
		await settleWithin(stopTimeoutMs, this.#commit());
		await settleWithin(stopTimeoutMs, this.#consumer.disconnect());
	}

	async #take({ batch }: EachBatchPayload): Promise<void> {
		const { topic, partition, messages, highWatermark } = batch;
		const fetchOffset = BigInt((batch as typeof batch & { fetchedOffset: string }).fetchedOffset);
		const mine = this.#partitions.get(nameOf(topic, partition));
		await mine?.take(messages, fetchOffset, BigInt(highWatermark));
	}

	#join(assignment: Readonly<Record<string, number[]>>): void {
		this.#joining?.resolve();
		if (this.#stopping) return;
		this.#leave();
		const mine = Object.entries(assignment).flatMap(([topic, partitions]) =>
			partitions.map(partition => ({ topic, partition }))
		);
		for (const { topic, partition } of mine) {
			const name = nameOf(topic, partition);
			const fetching = this.#fetching(topic, partition);
			const taken = new KafkaPartition(topic, partition, this.#options, fetching);
			taken.start(this.#latest.get(name)?.handled ?? Promise.resolve());
			this.#partitions.set(name, taken);
			this.#latest.set(name, taken);
		}
		this.#options.onAssigned?.(mine);
	}

	/** Until the next assignment, another member may have this one's partitions. */
	#leave(): void {
		for (const partition of this.#partitions.values()) partition.leave();
		if (this.#partitions.size > 0) this.#options.onAssigned?.([]);
		this.#partitions.clear();
	}

	#crashed({ payload: { error, restart } }: ConsumerCrashEvent): void {
		this.#leave();
		this.#joining?.resolve();
		if (this.#stopping) return;
		if (!restart) return this.#onCrash(error);
		this.#joining = Promise.withResolvers();
		this.#options.onError(error);
	}

	#fetching(topic: string, partition: number): FetchControl {
		const it = [{ topic, partitions: [partition] }];
		const steer = (action: () => void) => {
			try {
				action();
			} catch {
				// It is in no group at the moment, and starts again when it is.
			}
		};
		return {
			seek: at => steer(() => this.#consumer.seek({ topic, partition, offset: String(at) })),
			pause: () => steer(() => this.#consumer.pause(it)),
			resume: () => steer(() => this.#consumer.resume(it)),
			extent: async () => {
				const found = (await this.#extents(topic)).find(each => each.partition === partition);
				if (!found) throw new Error(`There is no partition ${partition} of ${topic}`);
				return found;
			},
			moved: next =>
				void this.#moved.set(nameOf(topic, partition), { topic, partition, offset: String(next) })
		};
	}

	/** All at once and now and then, because nothing depends on it. */
	async #commit(): Promise<void> {
		const moved = [...this.#moved.values()];
		this.#moved.clear();
		if (moved.length > 0) await this.#consumer.commitOffsets(moved).catch(() => undefined);
	}
}
