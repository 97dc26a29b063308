import { setTimeout as sleep } from "node:timers/promises";
import { traffic, type TrafficEvent } from "../workload/event-traffic.ts";
import { analytics } from "../contracts/analytics.ts";
import { order } from "../contracts/order.ts";
import { newId } from "../lib/id.ts";
import { call } from "../lib/service.ts";
import { toMessage } from "../services/order/outbox/order.outbox.ts";
import { readOrderEvent } from "../streams/messages/order-event-reader.ts";
import { percentilesOf, type Percentiles } from "./percentiles.ts";
import type { BenchShop } from "./measured-shop.ts";
import { deliveryAddress } from "../workload/address.ts";

/** Milliseconds after the commit of an event: until it is published and marked, and until it is counted. */
export interface Latency {
	perSecond: number;
	pickUp: Percentiles;
	counted: Percentiles;
}

export interface StreamFigures {
	latency: Latency[];
	/** Messages per second that are published in batches of so many, one batch after the other. */
	published: Record<string, number>;
	/** Messages per second that one member reads without handling them. */
	read: number;
	/** Events per second that one core parses and validates without handling them. */
	parsed: number;
	/** Orders per second that the shop accepts and settles, with so many concurrent customers. */
	live: { customers: number; orders: number; events: number };
	/** Events per second of a replay that rebuilds the windows. */
	replayed: number;
	/** Events that are replayed in the time that one order takes live, and in that of one event. */
	replayOver: { liveOrders: number; liveEvents: number };
}

const tickMs = 20;
const operator = { meta: { user: { id: "bench", role: "admin" as const } } };
const users = Array.from({ length: 200 }, (_, index) => `bench-${index}`);

const insert = `
	insert into orders.outbox (order_id, user_id, version, type, occurred_at, payload)
	select order_id, user_id, version, type, clock_timestamp(), payload
	from jsonb_to_recordset($1) as x(order_id uuid, user_id text, version int, type text, payload jsonb)
	returning id`;

function trafficEvents(events: number): TrafficEvent[] {
	return traffic({ seed: 1, events, from: new Date(), minutes: 1, users });
}

/** Hints the order service's node after each commit, as it does itself for its own commits. */
const nudge = ({ broker }: BenchShop) =>
	(broker.getLocalService("order") as unknown as { outbox: { nudge(): void } }).outbox.nudge();

const now = () => performance.timeOrigin + performance.now();

/** Writes events at a steady rate and asks the database when they were published and counted. */
export async function latencyAt(
	shop: BenchShop,
	perSecond: number,
	seconds: number
): Promise<Latency> {
	const waiting = trafficEvents(perSecond * seconds);
	const committed = new Map<string, number>();
	const startedAt = now();
	for (let written = 0; written < waiting.length; await sleep(tickMs)) {
		const due = Math.min(waiting.length, Math.ceil(((now() - startedAt) / 1000) * perSecond));
		if (due <= written) continue;
		const rows = await shop.query<{ id: string }>(insert, [
			JSON.stringify(waiting.slice(written, due))
		]);
		const at = now();
		nudge(shop);
		for (const { id } of rows) committed.set(id, at);
		written = due;
	}
	await waitUntilCaughtUp(shop);
	const rows = await shop.query<{ id: string; published: number; counted: number }>(
		`select id, (extract(epoch from published_at) * 1000)::float8 as published, (extract(epoch from i.at) * 1000)::float8 as counted
		from orders.outbox join analytics.inbox i using (event_id) where id = any ($1::bigint[])`,
		[[...committed.keys()]]
	);
	const behind = (value: "published" | "counted") =>
		percentilesOf(rows.map(row => row[value] - committed.get(row.id)!));
	return { perSecond, pickUp: behind("published"), counted: behind("counted") };
}

/** Resolves when no order is in progress and everything is counted. */
async function waitUntilCaughtUp({ query }: BenchShop): Promise<void> {
	const waiting = `select ((select count(*) from orders.outbox o where not quiet and (published_at is null
			or not exists (select from analytics.inbox i where i.event_id = o.event_id)))
		+ (select count(*) from orders.saga))::int as count`;
	while ((await query<{ count: number }>(waiting))[0]!.count > 0) await sleep(50);
}

function messages(count: number) {
	return trafficEvents(count).map(({ payload, ...row }, id) => {
		const data = JSON.stringify(payload);
		return toMessage({ ...row, id, event_id: newId(), epoch: 1, data, traceparent: null }).message;
	});
}

export async function publishing(
	{ log }: BenchShop,
	seconds: number
): Promise<Record<string, number>> {
	const found: Record<string, number> = {};
	const all = messages(5000);
	for (const size of [1, 10, 100, 500]) {
		const name = `bench-${newId()}`;
		await log.createTopics([{ name, partitions: 8, cleanup: "delete", retentionMs: 3_600_000 }]);
		let sent = 0;
		const startedAt = performance.now();
		for (; performance.now() - startedAt < seconds * 1000; sent += size)
			await log.publish(name, all.slice(sent % 4000, (sent % 4000) + size));
		found[size] = Math.round((sent * 1000) / (performance.now() - startedAt));
	}
	return found;
}

export async function reading({ log }: BenchShop, count: number): Promise<number> {
	const name = `bench-${newId()}`;
	await log.createTopics([{ name, partitions: 8, cleanup: "delete", retentionMs: 3_600_000 }]);
	await log.publish(name, messages(count));
	const { promise: done, resolve } = Promise.withResolvers<void>();
	let [read, startedAt] = [0, 0];
	const { stop } = await log.subscribe({
		group: name,
		topics: [name],
		position: async () => undefined,
		onError: () => undefined,
		async onBatch(batch) {
			startedAt ||= performance.now();
			read += batch.messages.length;
			if (read >= count) resolve();
			return batch.messages.at(-1)!.offset + 1n;
		}
	});
	await done;
	const tookMs = performance.now() - startedAt;
	await stop();
	return Math.round((read * 1000) / tookMs);
}

export function parsing(count: number): number {
	const all = messages(count).map(({ key, value, headers = {} }) => ({
		topic: "orders",
		partition: 0,
		offset: 0n,
		key,
		headers,
		value: Buffer.from(value),
		at: new Date()
	}));
	const startedAt = performance.now();
	for (const message of all) readOrderEvent(message);
	return Math.round((all.length * 1000) / (performance.now() - startedAt));
}

/** Customers who place orders one after the other, each as fast as they are answered. */
export async function selling(shop: BenchShop, customers: number, seconds: number) {
	const count = "select count(*)::int as count from orders.outbox where not quiet";
	const before = (await shop.query<{ count: number }>(count))[0]!.count;
	const startedAt = performance.now();
	let orders = 0;
	const customer = async (_: unknown, index: number) => {
		const user = { id: users[index % users.length]!, role: "customer" as const };
		for (; performance.now() - startedAt < seconds * 1000; orders++)
			await call(
				shop.broker,
				order.actions.place,
				{
					items: [{ product_id: shop.products[index % shop.products.length]!, quantity: 1 }],
					shipping_address: deliveryAddress,
					payment_method: "pm_card_visa",
					idempotency_key: newId(),
					wait_s: 5
				},
				{ meta: { user }, timeout: 30_000 }
			);
	};
	await Promise.all(Array.from({ length: customers }, customer));
	await waitUntilCaughtUp(shop);
	const tookS = (performance.now() - startedAt) / 1000;
	const events = (await shop.query<{ count: number }>(count))[0]!.count - before;
	return { customers, orders: Math.round(orders / tookS), events: Math.round(events / tookS) };
}

/** Replays the whole topic until the windows are rebuilt. */
export async function replaying({ broker }: BenchShop): Promise<number> {
	const { "stream.lag": lag, "stream.replay": replay } = analytics.actions;
	const startedAt = performance.now();
	const { messages: count } = await call(broker, replay, { from: "oldest" }, operator);
	while ((await call(broker, lag, {}, operator)).replay) await sleep(20);
	return Math.round((count * 1000) / (performance.now() - startedAt));
}
