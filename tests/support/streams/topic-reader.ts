import { newId } from "../../../lib/id.ts";
import type { Driver, Message, SubscribeOptions, TopicSpec } from "../../../streams/driver.ts";

/** Creates a topic with one partition; returns its name. */
export async function topicOf(driver: Driver, more: Partial<TopicSpec> = {}): Promise<string> {
	const name = `t-${newId()}`;
	await driver.createTopics([
		{ name, partitions: 1, cleanup: "delete", retentionMs: 3_600_000, ...more }
	]);
	return name;
}

/** A member of a new group that records the messages it gets. */
export async function reader(driver: Driver, topic: string, more: Partial<SubscribeOptions> = {}) {
	const got: Message[] = [];
	const errors: string[] = [];
	const next = new Map<number, bigint>();
	const { stop } = await driver.subscribe({
		group: `g-${newId()}`,
		topics: [topic],
		position: async (_, partition) => next.get(partition),
		onError: ({ message }) => errors.push(message),
		async onBatch({ partition, messages }) {
			got.push(...messages);
			next.set(partition, messages.at(-1)!.offset + 1n);
			return next.get(partition)!;
		},
		...more
	});
	return { got, errors, stop, texts: () => got.map(({ value }) => value.toString()) };
}
