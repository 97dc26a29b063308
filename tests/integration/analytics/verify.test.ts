import pg from "pg";
import { verify } from "../../../verify/analytics.verifier.ts";
import {
	allowedLatenessMs,
	windowMs
} from "../../../services/analytics/windows/tumbling.window.ts";
import type { OrderStreamEvent } from "../../../contracts/events.ts";
import { buildOrderEvent } from "../../support/streams/order-message.ts";
import { generator } from "../../support/random.ts";
import { recordEvents } from "../../support/analytics/recorded-events.ts";
import { WindowStore } from "../../support/analytics/window-database.ts";

/** Thirty minutes of sales in two of five partitions: a tenth out of order, some twice, some a day late. */

const minutes = 30;
const minute = Math.floor(Date.now() / windowMs) * windowMs - 2 * minutes * windowMs;
const chance = generator(20_260_101);
const below = (n: number) => Math.floor(chance() * n);

let store: WindowStore;
let client: pg.Client;
let late: OrderStreamEvent[];

function sold(at: number): OrderStreamEvent {
	const currency = below(4) === 0 ? "EUR" : "USD";
	return buildOrderEvent({ at, currency, user_id: `user-${below(40)}`, total: 1 + below(10_000) });
}

/** In five partitions by user, of which three get none. */
function logOf(events: readonly OrderStreamEvent[]): OrderStreamEvent[][] {
	const log: OrderStreamEvent[][] = [[], [], [], [], []];
	for (const event of events) {
		const own = log[Number(event.partitionkey.split("-")[1]) % 2]!;
		own.push(event);
		if (below(20) === 0) own.push(event);
	}
	return log;
}

beforeAll(async () => {
	store = await WindowStore.open();
	client = new pg.Client({ connectionString: store.database.url });
	await client.connect();
	const span = minutes * windowMs;
	const events = Array.from({ length: 2000 }, (_, n) => sold(minute + (span * n) / 2000));
	const seen = events.map(event => [
		Date.parse(event.time) + (below(10) ? 0 : below(90_000)),
		event
	]);
	const inOrder = (seen as [number, OrderStreamEvent][]).sort(([a], [b]) => a - b);
	late = Array.from({ length: 20 }, () => sold(minute - allowedLatenessMs - span + below(span)));
	await store.begin(logOf([...inOrder.map(([, event]) => event), ...late]));
	await recordEvents(store, [...events, ...late]);
	// The three empty partitions are known and become idle.
	await store.emitter.emitDue();
	await store.tick(10_000);
	const crashes = ["none", "none", "before", "after"] as const;
	for (let step = 0; step < 120; step++) {
		await store.deliver(below(2), 1 + below(50), crashes[below(4)]);
		if (below(3) === 0) await store.rewind(below(2), below(80));
		if (below(2) === 0) await store.emitter.emitDue();
	}
	await store.settle();
}, 120_000);

afterAll(async () => {
	await client.end();
	await store.close();
});

async function differences(): Promise<string[]> {
	const found = [];
	for await (const line of verify({ client })) found.push(line);
	return found;
}

/** What is found after the change, which is then undone. */
async function after(sql: string): Promise<string[]> {
	await client.query("begin");
	try {
		expect((await client.query(sql)).rowCount).toBe(1);
		return await differences();
	} finally {
		await client.query("rollback");
	}
}

describe("the windows", () => {
	it("equal the order events, and late ones are counted separately", async () => {
		expect(await differences()).toEqual([]);
		const [counts] = await store.rows(
			`select count(distinct window_start)::int as minutes, sum(orders)::int as orders,
				(select count(*)::int from analytics.late_events) as late from analytics.results`
		);
		expect(counts).toEqual({ minutes, orders: 2000, late: late.length });
	});

	const one = (table: string) =>
		`(window_start, currency) = (select window_start, currency from analytics.${table} order by 1, 2 limit 1)`;

	it.each<[string, string, RegExp]>([
		[
			"an order that was counted twice",
			`update analytics.windows set orders = orders + 1 where ${one("windows")}`,
			/orders, the events say/
		],
		[
			"too much revenue",
			`update analytics.windows set revenue_minor = revenue_minor + 1 where ${one("windows")}`,
			/revenue \d+, the events say/
		],
		[
			"a buyer counted twice",
			`update analytics.windows set unique_users = unique_users - 1 where ${one("windows")}`,
			/buyers, the events say/
		],
		[
			"a missing window",
			`delete from analytics.windows where ${one("windows")}`,
			/0 orders, the events say/
		],
		[
			"an event that was not published",
			"delete from orders.outbox where id = (select min(id) from orders.outbox)",
			/orders, the events say/
		],
		[
			"a missing late event",
			"delete from analytics.late_events where event_id = (select min(event_id::text)::uuid from analytics.late_events)",
			/orders, the events say/
		],
		[
			"a wrong average",
			`update analytics.results set average_minor = average_minor + 1 where ${one("results")}`,
			/the emitted result says .* average/
		],
		[
			"a missing result",
			`delete from analytics.results where ${one("results")}`,
			/the emitted result says/
		],
		[
			"a stale result",
			`update analytics.results set revision = revision + 1 where ${one("results")}`,
			/the emitted result says .* revision/
		]
	])("are reported with %s", async (_, sql, line) => {
		const found = await after(sql);
		expect(found.length).toBeGreaterThan(0);
		expect(found.join("\n")).toMatch(line);
		expect(found[0]).toMatch(/^window \d{4}-\d\d-\d\dT\d\d:\d\dZ [A-Z]{3}: /);
	});

	const sent = (ago: string) => `
		insert into orders.outbox (order_id, user_id, version, type, payload, published_at)
		select order_id, user_id, 3, type, payload, now() - interval '${ago}' from orders.outbox order by id limit 1`;

	it("are reported without an event that was published long ago and never handled", async () => {
		const [line, ...others] = await after(sent("3 days"));
		expect(line).toMatch(
			/^event \S+ \(order.confirmed of order \S+\), published \S+Z: never handled$/
		);
		expect(others).toEqual([]);
		expect(await after(sent("1 minute"))).toEqual([]);
	});

	it("are reported without an event that was dead-lettered", async () => {
		const [line, ...others] = await after(`with sent as (${sent("1 hour")} returning event_id)
			insert into analytics.dead_letter (topic, partition, "offset", value, headers, reason, detail, attempts)
			select 'orders', 0, 1, convert_to(format('{"id":"%s"}', event_id), 'UTF8'), '{}', 'handling-failed', '', 7 from sent`);
		expect(line).toMatch(/^event .*: dead-lettered$/);
		expect(others).toEqual([]);
	});
});
