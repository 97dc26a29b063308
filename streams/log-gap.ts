import type pg from "pg";
import type { OrderStreamEvent } from "../contracts/events.ts";
import { endOfTime } from "./clock-skew.ts";
import type { Driver, Message } from "./driver.ts";
import { readOrderEvent } from "./messages/order-event-reader.ts";
import { Unreadable } from "./messages/event-reader.ts";
import { readToEnd } from "./read-to-end.ts";
import { topics } from "./messages/topics.ts";

/** Events in the log that the database does not have, as after a restore to an earlier moment. */
export interface LogGap {
	/** By order, in the order of their versions. */
	events: OrderStreamEvent[];
	/** The highest epoch of the log's events. */
	epoch: number;
}

const unknownIds = `
	select x.id from unnest($1::uuid[]) as x(id)
	where not exists (select from orders.events e where e.event_id = x.id)
		and not exists (select from orders.voided v where v.event_id = x.id)`;

/** Invalid messages are left to the consumers, which dead-letter them. */
function eventsOf(messages: readonly Message[]): OrderStreamEvent[] {
	return messages.flatMap(message => {
		try {
			// An event time in the future is accepted: the event is in the log, and may be redriven one day.
			return readOrderEvent({ ...message, at: endOfTime });
		} catch (error) {
			if (error instanceof Unreadable) return [];
			throw error;
		}
	});
}

/**
 * Compares all order events of the log with the outbox and its archive.
 * @param client sees at least what was committed when this is called
 * @param onError called with failures that are retried
 */
export async function readGap(
	client: pg.Client,
	driver: Driver,
	onProgress: (done: number, of: number) => void,
	onError: (error: Error) => void
): Promise<LogGap> {
	const events = new Map<string, OrderStreamEvent>();
	let [epoch, done, of] = [1, 0, 0];
	const take = async (messages: readonly Message[]) => {
		const read = eventsOf(messages);
		const { rows } = await client.query<{ id: string }>(unknownIds, [read.map(({ id }) => id)]);
		const ids = new Set(rows.map(({ id }) => id));
		for (const event of read) {
			epoch = Math.max(epoch, event.epoch ?? 1);
			if (ids.has(event.id)) events.set(event.id, event);
		}
		done += messages.length;
		onProgress(done, of);
	};
	await readToEnd({ driver, topic: topics.orders, take, onError }, count => (of = count));
	const byOrder = (a: OrderStreamEvent, b: OrderStreamEvent) =>
		a.subject.localeCompare(b.subject) || Number(a.sequence) - Number(b.sequence);
	return { events: [...events.values()].sort(byOrder), epoch };
}

/** One line per event. */
export function gapLine({ id, type, subject, sequence, time, data }: OrderStreamEvent): string {
	const { amount, currency } = data.total;
	return `event ${id} of ${time}: ${type}, version ${sequence} of order ${subject} of ${data.user_id}, ${amount} ${currency} in minor units`;
}
