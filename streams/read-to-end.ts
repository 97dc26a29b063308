import { newId } from "../lib/id.ts";
import { Periodic } from "../lib/periodic.ts";
import type { Driver, Message } from "./driver.ts";

const lookEveryMs = 3000;

export interface ReadToEndOptions {
	driver: Driver;
	topic: string;
	/** One call at a time for each partition, in the order of its messages. */
	take(messages: readonly Message[]): Promise<void>;
	/** Called with failures that are retried. */
	onError?(error: Error): void;
}

/**
 * Reads the current content of a topic, from its oldest message on, as a temporary group that is
 * deleted afterwards.
 * @param onBegin called with the highest possible number of messages: a compacted topic has fewer
 * @throws what `take` throws; NoSuchTopic
 */
export async function readToEnd(
	{ driver, topic, take, onError = () => undefined }: ReadToEndOptions,
	onBegin: (count: number) => void = () => undefined
): Promise<void> {
	const extents = (await driver.extents(topic)).filter(({ first, next }) => first < next);
	onBegin(extents.reduce((sum, { first, next }) => sum + Number(next - first), 0));
	const ends = new Map(extents.map(({ partition, next }) => [partition, next]));
	if (ends.size === 0) return;
	// Messages that expire before they are read never arrive.
	const check = async () => {
		for (const { partition, first } of await driver.extents(topic))
			if (first >= (ends.get(partition) ?? first + 1n)) ends.delete(partition);
		if (ends.size === 0) done.resolve();
	};
	const checking = new Periodic({ everyMs: lookEveryMs, work: check, onError });
	const reached = new Map<number, bigint>();
	const done = Promise.withResolvers<void>();
	// It may fail before it is awaited.
	done.promise.catch(() => undefined);
	const group = `reader-${newId()}`;
	const subscription = await driver.subscribe({
		group,
		topics: [topic],
		onError,
		position: async (_, partition) => reached.get(partition),
		async onBatch({ partition, messages }) {
			const end = ends.get(partition);
			const next = messages.at(-1)!.offset + 1n;
			if (end === undefined) return next;
			await take(messages.filter(({ offset }) => offset < end)).catch(error => {
				done.reject(error);
				throw error;
			});
			reached.set(partition, next);
			if (next >= end) ends.delete(partition);
			if (ends.size === 0) done.resolve();
			return next;
		}
	});
	checking.start();
	try {
		await done.promise;
	} finally {
		await checking.stop();
		await subscription.stop();
		await driver.deleteGroup(group);
	}
}
