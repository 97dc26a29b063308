import { setTimeout as delay } from "node:timers/promises";
import type pg from "pg";
import type { WindowStreamEvent } from "../../contracts/analytics.ts";
import type { OrderStreamEvent } from "../../contracts/events.ts";
import type { Driver, Message } from "../../streams/driver.ts";
import { KafkaDriver } from "../../streams/kafka/kafka.driver.ts";
import { readToEnd } from "../../streams/read-to-end.ts";
import { topics } from "../../streams/messages/topics.ts";
import type { LogEvidence, ResultFact } from "../checkers/log.checker.ts";
import type { Outage, ChaosKafka } from "../cluster/kafka-broker.ts";
import { loadStreamEvidence } from "../evidence/event-stream.ts";
import { withClient } from "../../db/client.ts";

/** Acknowledgements that arrived just before the broker went down may be marked so much later. */
const inFlightMs = 1000;
const readWithinMs = 60_000;

const equalMinutes = `
with truth as (
	select date_trunc('minute', occurred_at, 'UTC') as minute, (payload->'total'->>'currency')::bpchar as currency,
		count(*) as orders, sum((payload->'total'->>'amount')::bigint) as revenue, count(distinct user_id) as users
	from orders.events where type = 'order.confirmed' group by 1, 2
), compared as (
	select coalesce(minute, window_start) as minute, bool_and(coalesce((t.orders, t.revenue, t.users)
		= (r.orders, r.revenue_minor, r.unique_users), false)) as equal
	from truth t full join analytics.results r on window_start = minute and r.currency = t.currency
	where coalesce(minute, window_start) >= $1 and coalesce(minute, window_start) < $1::timestamptz + $2 * interval '1 minute'
	group by 1
)
select count(*) filter (where equal)::int as equal from compared`;

const results = `
select window_start, currency, orders, revenue_minor::float8 as revenue, unique_users as users, revision
from analytics.results`;

interface ResultRow extends Omit<ResultFact, "key" | "event_id"> {
	window_start: Date;
	currency: string;
}

export interface TrafficSpan {
	from: Date;
	minutes: number;
	duplicated: number;
}

/** Reads all evidence; the topics from their first message on. */
export function collectLogEvidence(
	url: string,
	kafka: ChaosKafka,
	{ from, minutes, duplicated }: TrafficSpan
): Promise<LogEvidence> {
	const driver = new KafkaDriver({ brokers: [kafka.brokers] });
	return withClient(url, async client => {
		const read = async <R extends pg.QueryResultRow>(sql: string, values: unknown[] = []) =>
			(await client.query<R>(sql, values)).rows;
		const orders = await readTopic(driver, topics.orders);
		const events = orders.map(({ value }) => JSON.parse(value.toString()) as OrderStreamEvent);
		const stream = await loadStreamEvidence(client, events.map(factOf));
		const [equal] = await read<{ equal: number }>(equalMinutes, [from, minutes]);
		const stored = await read<{ event_id: string }>("select event_id from analytics.late_events");
		const late = await readTopic(driver, topics.late);
		const written = new Set(orders.map(({ partition }) => partition));
		return {
			stream,
			outages: await markedDuring(client, kafka.outages),
			emitted: (await readTopic(driver, topics.windows)).map(emittedResult),
			results: (await read<ResultRow>(results)).map(storedResult),
			late: { emitted: late.map(idOf), stored: stored.map(({ event_id }) => event_id) },
			minutes: { expected: minutes, equal: equal!.equal, late: stored.length },
			idle: (await driver.extents(topics.orders)).filter(one => !written.has(one.partition)).length,
			duplicated
		};
	}).finally(() => driver.close());
}

const factOf = ({ id, subject, sequence, type }: OrderStreamEvent) => ({
	event_id: id,
	order_id: subject,
	version: Number(sequence),
	type
});

const idOf = ({ value }: Message) => (JSON.parse(value.toString()) as { id: string }).id;

function emittedResult({ key, value }: Message): ResultFact {
	const { id, data } = JSON.parse(value.toString()) as WindowStreamEvent;
	const { revision, orders, revenue, unique_users: users } = data;
	return { key: key!, event_id: id, revision, orders, revenue, users };
}

function storedResult({ window_start, currency, ...result }: ResultRow): ResultFact {
	return { ...result, key: `${window_start.toISOString()}/${currency}`, event_id: "" };
}

async function markedDuring(client: pg.Client, outages: readonly Outage[]) {
	const found: LogEvidence["outages"][number][] = [];
	for (const { how, from, to } of outages) {
		const { rows } = await client.query<{ marked: number }>(
			"select count(*)::int as marked from orders.events where published_at > $1 and published_at < $2",
			[new Date(from + inFlightMs), new Date(to)]
		);
		found.push({ how, ms: to - from, marked: rows[0]!.marked });
	}
	return found;
}

/** All messages of a topic, partition by partition. @throws Error when they do not come in time */
async function readTopic(driver: Driver, topic: string): Promise<Message[]> {
	const found = new Map<number, Message[]>();
	const take = async (messages: readonly Message[]) => {
		for (const message of messages) {
			const own = found.get(message.partition) ?? [];
			found.set(message.partition, own);
			own.push(message);
		}
	};
	const timer = new AbortController();
	const timedOut = delay(readWithinMs, undefined, timer).then(() => {
		throw new Error(`${topic} could not be read within ${readWithinMs} ms`);
	});
	await Promise.race([readToEnd({ driver, topic, take }), timedOut]);
	timer.abort();
	await timedOut.catch(() => undefined);
	return [...found].sort(([a], [b]) => a - b).flatMap(([, messages]) => messages);
}
