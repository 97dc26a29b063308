import { newId } from "../../../lib/id.ts";
import type {
	Batch,
	Driver,
	Message,
	Outgoing,
	SubscribeOptions,
	Subscription
} from "../../../streams/driver.ts";
import { until } from "../until.ts";

const withinMs = 30_000;

/** Messages whose values are ascending numbers, spread over so many keys. */
export const numbered = (count: number, keys: number, first = 0): Outgoing[] =>
	Array.from({ length: count }, (_, n) => ({
		key: `key-${(first + n) % keys}`,
		value: String(first + n)
	}));

/** A member that records its messages and its starting positions. */
export class Reader {
	readonly got: Message[] = [];
	readonly next = new Map<number, bigint>();
	readonly errors: Error[] = [];
	assigned: readonly { partition: number }[] = [];
	subscription!: Subscription;

	static async of(
		on: Driver,
		topic: string,
		{ group = `g-${newId()}`, ...more }: Partial<SubscribeOptions> = {}
	): Promise<Reader> {
		const reader = new Reader();
		reader.subscription = await on.subscribe({
			group,
			topics: [topic],
			position: async (_, partition) => reader.next.get(partition),
			onError: error => reader.errors.push(error),
			onAssigned: partitions => (reader.assigned = partitions),
			onBatch: async batch => reader.take(batch),
			...more
		});
		return reader;
	}

	take(batch: Batch): bigint {
		this.got.push(...batch.messages);
		const next = batch.messages.at(-1)!.offset + 1n;
		this.next.set(batch.partition, next);
		return next;
	}

	has(count: number): Promise<unknown> {
		return until(async () => this.got.length >= count, withinMs);
	}

	texts(): string[] {
		return this.got.map(({ value }) => value.toString());
	}

	stop(): Promise<void> {
		return this.subscription.stop();
	}
}

/** Whether the numbers of each key ascend. */
export const inOrder = (messages: readonly Message[]) => {
	const last = new Map<string, number>();
	for (const { key, value } of messages) {
		if (Number(value) < (last.get(key!) ?? -1)) return false;
		last.set(key!, Number(value));
	}
	return true;
};
