import type pg from "pg";
import { verify as verifyAnalytics } from "../../verify/analytics.verifier.ts";
import { consumerGroups, type ConsumerGroup } from "../../contracts/streams.ts";

/** An event of an order: its type, and the version of the order. */
export interface EventFact {
	event_id: string;
	order_id: string;
	version: number;
	type: string;
}

/** Order events: written, published, applied. */
export interface StreamEvidence {
	/** As the orders' own transactions wrote them, in the order of their ids. */
	written: readonly (EventFact & { published: boolean })[];
	/** The topic, partition by partition, in reading order. */
	topic: readonly EventFact[];
	/** Ids of applied events. */
	handled: Readonly<Record<ConsumerGroup, readonly string[]>>;
	/** Messages to people, one for each event and channel. */
	notifications: readonly { event_id: string; channel: string; state: string }[];
	/** What is sent by webhook, one for each event: there is one webhook. */
	deliveries: readonly { event_id: string; state: string }[];
	/** What a consumer dead-lettered. */
	deadLetters: readonly { consumer: ConsumerGroup; what: string }[];
	/** Windows that differ from one SQL statement over the events, as text. */
	windows: readonly string[];
	/** Minutes in which something was sold. */
	minutes: number;
}

/** What a receiver of webhooks saw. */
export interface ReceivedWebhooks {
	/** The ids of events that it acknowledged, each as often as it did. */
	acknowledged: readonly string[];
	/** Requests that it refused, by its faults. */
	failed: number;
	/** Requests that were not signed as they must be, as text. */
	unsigned: readonly string[];
}

/** A window is emitted this long after its end at the latest: an idle partition is ignored after 10 s, and events may be 5 s late. */
export const emittedWithinMs = 30_000;

const unemittedWindows = `select format('window %s %s was not emitted within ${emittedWithinMs / 1000} s of its end', window_start, currency) as what
	from analytics.windows where revision = 0 and window_start + interval '1 minute ${emittedWithinMs} ms' < now()`;

const queries = {
	written: `select event_id, order_id, version, type, published_at is not null as published
		from orders.events where not quiet order by id`,
	topic: `select value->>'id' as event_id, value->>'subject' as order_id, (value->>'sequence')::int as version, value->>'type' as type
		from (select partition, position, convert_from(value, 'UTF8')::jsonb as value from streams.message where topic = 'orders') m
		order by partition, position`,
	// Only order events: notifications about low stock have their own.
	handled: (consumer: ConsumerGroup) =>
		`select event_id from ${consumer}.inbox where event_id not in (select event_id from product.outbox)`,
	notifications: "select event_id, channel, state from notification.notifications",
	deliveries: "select event_id, state from webhook.delivery",
	deadLetters: consumerGroups
		.map(
			name =>
				`select '${name}' as consumer, reason || ': ' || detail as what from ${name}.dead_letter`
		)
		.join(" union all "),
	minutes: "select count(*)::int as minutes from analytics.windows"
};

const isUnhandled = (consumer: ConsumerGroup, event: string) =>
	`not exists (select from ${consumer}.inbox i where i.event_id = ${event}.event_id)`;

/** Events that are not published or not handled by every consumer, and messages that are not sent. */
export const unprocessed = `select (select count(*) from orders.events e where not quiet and (published_at is null
		or ${consumerGroups.map(name => isUnhandled(name, "e")).join(" or ")}))::int
	+ (select count(*) from product.outbox o where published_at is null
		or ${isUnhandled("notification", "o")} or ${isUnhandled("webhook", "o")})::int
	+ (select count(*) from notification.notifications where state = 'pending')::int
	+ (select count(*) from webhook.delivery where state = 'pending')::int as waiting`;

/** What the database says of the events. @param topic as it was read; without it, the log in Postgres */
export async function loadStreamEvidence(
	client: pg.Client,
	topic?: readonly EventFact[]
): Promise<StreamEvidence> {
	const read = async <R extends pg.QueryResultRow>(sql: string) =>
		(await client.query<R>(sql)).rows;
	const idsOf = async (consumer: ConsumerGroup) =>
		(await read<{ event_id: string }>(queries.handled(consumer))).map(({ event_id }) => event_id);
	const windows: string[] = [];
	for await (const line of verifyAnalytics({ client })) windows.push(line);
	windows.push(...(await read<{ what: string }>(unemittedWindows)).map(({ what }) => what));
	const [count] = await read<{ minutes: number }>(queries.minutes);
	return {
		written: await read<StreamEvidence["written"][number]>(queries.written),
		topic: topic ?? (await read<EventFact>(queries.topic)),
		handled: {
			analytics: await idsOf("analytics"),
			notification: await idsOf("notification"),
			webhook: await idsOf("webhook")
		},
		notifications: await read<StreamEvidence["notifications"][number]>(queries.notifications),
		deliveries: await read<StreamEvidence["deliveries"][number]>(queries.deliveries),
		deadLetters: await read<StreamEvidence["deadLetters"][number]>(queries.deadLetters),
		windows,
		minutes: count!.minutes
	};
}
