import type { OrderStreamEvent } from "../../../contracts/events.ts";
import { Unreadable } from "../../../streams/messages/event-reader.ts";
import { readOrderEvent } from "../../../streams/messages/order-event-reader.ts";
import { WindowStore } from "../analytics/window-database.ts";
import type { ExpectedResults } from "./expected-windows.ts";
import { bytesOf, type Recorded } from "./recorded-orders.ts";

/** The windows of a recording, computed by services/analytics: by its reader, its tables and its emitter. */

const partitions = 3;
const partitionOf = ({ data }: OrderStreamEvent) =>
	[...data.user_id].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % partitions;

function read(recorded: Recorded): OrderStreamEvent | undefined {
	const { at, key } = recorded;
	const found = { topic: "orders", partition: 0, offset: 0n, key, headers: {}, at: new Date(at) };
	try {
		return readOrderEvent({ ...found, value: bytesOf(recorded) ?? Buffer.alloc(0) });
	} catch (error) {
		if (error instanceof Unreadable) return undefined;
		throw error;
	}
}

export async function serviceResults(
	recording: readonly Recorded[]
): Promise<ExpectedResults & { rejected: number }> {
	const store = await WindowStore.open();
	try {
		const events = recording.flatMap(recorded => read(recorded) ?? []);
		const log: OrderStreamEvent[][] = Array.from({ length: partitions }, () => []);
		for (const event of events) log[partitionOf(event)]!.push(event);
		await store.begin(log);
		for (const event of events) {
			await store.deliver(partitionOf(event), 1);
			await store.emitter.emitDue();
		}
		await store.settle();
		const windows = await store.rows<{ key: string; value: ExpectedResults["windows"][string] }>(
			`select key, (value::json->'data') as value from analytics.outbox
			where topic = 'analytics-results' order by id`
		);
		const late = await store.rows<{ id: string }>(
			"select event_id::text as id from analytics.late_events order by 1"
		);
		return {
			windows: Object.fromEntries(
				windows.map(({ key, value: { orders, revenue, unique_users, average_order_value } }) => [
					key,
					{ orders, revenue, unique_users, average_order_value }
				])
			),
			late: late.map(({ id }) => id),
			rejected: recording.length - events.length
		};
	} finally {
		await store.close();
	}
}
