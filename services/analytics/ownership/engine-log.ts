import { newId } from "../../../lib/id.ts";
import { poll } from "../../../lib/retry.ts";
import {
	NoSuchTopic,
	type Driver,
	type Extent,
	type Message,
	type Subscription,
	type TopicSpec
} from "../../../streams/driver.ts";

/** Who publishes `analytics-results` and `analytics-late`: this service, or the Flink job (analytics/flink-job). */
export type Engine = "builtin" | "flink";

/** Kept for ever and never compacted, because who owns the windows follows from all of it, in order. */
export const engineTopic: TopicSpec = {
	name: "analytics-engine",
	partitions: 1,
	cleanup: "delete",
	retentionMs: -1
};

/**
 * A record. `claim` counts where there was none before. An operator's handover has two: after `release` no engine
 * publishes, and `take` follows once the one before has stopped. The Flink job also writes `run` at each start, which only
 * its other runs read (EngineLog.java).
 */
export interface EngineRecord {
	engine: Engine;
	step: "claim" | "release" | "take";
}

/** Either an engine that owns the windows, or one to which they are being handed over. */
export type Ownership = { owner: Engine } | { successor: Engine };

/** Undefined for what is no record: other writers have no say. */
function recordOf({ value }: Pick<Message, "value">): EngineRecord | undefined {
	try {
		const { engine, step } = JSON.parse(value.toString()) as Partial<EngineRecord>;
		const isEngine = engine === "builtin" || engine === "flink";
		const isStep = step === "claim" || step === "release" || step === "take";
		return isEngine && isStep ? { engine, step } : undefined;
	} catch {
		return undefined;
	}
}

/** The ownership after another message. EngineLog.java does the same. */
export function applyRecord(
	before: Ownership | undefined,
	message: Pick<Message, "value">
): Ownership | undefined {
	const record = recordOf(message);
	if (!record) return before;
	const { engine, step } = record;
	if (step === "release") return { successor: engine };
	const isNext = before && "successor" in before && before.successor === engine;
	const counts = step === "claim" ? !before : isNext;
	return counts ? { owner: engine } : before;
}

/**
 * Since when Flink owns the windows: what it has published since then, this service may not know. An interrupted handover that
 * went back to Flink does not count. Undefined where this service has owned them since, or Flink never has.
 */
export function flinkOwnerSince(
	messages: readonly Pick<Message, "value" | "at">[]
): Date | undefined {
	let ownership: Ownership | undefined;
	let since: Date | undefined;
	for (const message of messages) {
		ownership = applyRecord(ownership, message);
		if (!ownership || !("owner" in ownership)) continue;
		since = ownership.owner === "flink" ? (since ?? message.at) : undefined;
	}
	return since;
}

const arrivesWithinMs = 10_000;

/** Follows the topic `analytics-engine` of a Kafka, and writes to it. */
export class EngineLog {
	readonly #driver: Driver;
	#ownership: Ownership | undefined;
	#next = 0n;
	/** When the log took the oldest record. */
	#oldest: Date | undefined;
	#group = "";
	#subscription: Promise<Subscription> | undefined;

	constructor(driver: Driver) {
		this.#driver = driver;
	}

	/** By all records that the topic has now; undefined without one. @throws Error while Kafka is down */
	async read(): Promise<Ownership | undefined> {
		try {
			const [end] = await this.#driver.extents(engineTopic.name);
			if (await this.#wasReplaced(end!)) await this.close();
			this.#subscription ??= this.#subscribe();
			await this.#subscription;
			const hasAll = () => this.#next >= end!.next;
			if (await poll(hasAll, { everyMs: 20, withinMs: arrivesWithinMs })) return this.#ownership;
			throw new Error(`Kafka sends nothing of the topic ${engineTopic.name}`);
		} catch (error) {
			// A topic that was lost is read from its start when there is one again.
			await this.close();
			if (error instanceof NoSuchTopic) return undefined;
			throw error;
		}
	}

	/** Whether the topic was lost and made again: then its first record is younger than the oldest one that was read. */
	async #wasReplaced({ partition, next }: Extent): Promise<boolean> {
		if (!this.#subscription || !this.#oldest) return false;
		if (next < this.#next) return true;
		const younger = new Date(this.#oldest.getTime() + 1);
		const offsets = await this.#driver.offsetsAt(engineTopic.name, younger);
		return offsets.get(partition) === 0n;
	}

	async append(record: EngineRecord): Promise<void> {
		await this.#driver.createTopics([engineTopic]);
		const value = JSON.stringify({ ...record, at: new Date().toISOString() });
		await this.#driver.publish(engineTopic.name, [{ key: record.engine, value }]);
	}

	async close(): Promise<void> {
		const subscription = await this.#subscription?.catch(() => undefined);
		if (!this.#subscription) return;
		this.#subscription = undefined;
		await subscription?.stop();
		await this.#driver.deleteGroup(this.#group).catch(() => undefined);
	}

	/** Each process reads all of it, as a group of its own. */
	async #subscribe(): Promise<Subscription> {
		this.#ownership = undefined;
		this.#next = 0n;
		this.#oldest = undefined;
		this.#group = `${engineTopic.name}-${newId()}`;
		return this.#driver.subscribe({
			group: this.#group,
			topics: [engineTopic.name],
			position: async () => this.#next,
			onError: () => undefined,
			onBatch: async ({ messages }) => {
				for (const message of messages)
					if (message.offset >= this.#next) {
						this.#ownership = applyRecord(this.#ownership, message);
						this.#oldest ??= message.at;
						this.#next = message.offset + 1n;
					}
				return this.#next;
			}
		});
	}
}
