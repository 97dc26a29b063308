import pg from "pg";
import { adoptRevisions } from "../../../cli/handover/adoption.ts";
import type { Window } from "../../../contracts/analytics.ts";
import { topics } from "../../../streams/messages/topics.ts";
import { useDatabase } from "../../support/servers/use-database.ts";

/** The analytics service becomes the publisher of windows again, after Flink was it since an hour ago. */

const database = useDatabase();
let client: pg.Client;

beforeAll(async () => {
	client = new pg.Client({ connectionString: database.url });
	await client.connect();
	database.defer(() => client.end());
});

const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000);
const since = hoursAgo(1).toISOString();

/** A window of one order that the service emitted, and whose message was marked or waits. */
async function emitted(
	minute: number,
	at: Date,
	state: { revision?: number; waits?: boolean } = {}
) {
	const start = new Date(Date.UTC(2026, 2, 1, 12, minute)).toISOString();
	const { revision = 1, waits = false } = state;
	await database.rows(
		`insert into analytics.windows (window_start, currency, orders, revenue_minor, unique_users, revision, dirty, emitted_at)
		values ($1, 'USD', 1, 100, 1, $2, false, $3)`,
		[start, revision, at]
	);
	await outbox(topics.windows, `${start}/USD`, waits ? null : at);
	return start;
}

async function outbox(topic: string, key: string, at: Date | null): Promise<void> {
	await database.rows(
		"insert into analytics.outbox (topic, key, value, published_at) values ($1, $2, '{}', $3)",
		[topic, key, at]
	);
}

const published = (window_start: string, changes: Partial<Window>): Window => ({
	window_start,
	window_end: window_start,
	currency: "USD",
	orders: 1,
	revenue: 100,
	unique_users: 1,
	average_order_value: 100,
	revision: 1,
	final: false,
	...changes
});

async function windowAt(start: string): Promise<{ revision: number; dirty: boolean }> {
	const [row] = await database.rows<{ revision: number; dirty: boolean }>(
		"select revision, dirty from analytics.windows where window_start = $1",
		[start]
	);
	return row!;
}

it.each<[what: string, hours: number, known: Partial<Window> | undefined, after: object]>([
	["that only the service emitted, before", 2, { revision: 1 }, { revision: 1, dirty: false }],
	["that was marked, and Flink did not publish", 0.5, undefined, { revision: 1, dirty: true }],
	["that Flink has corrected", 0.5, { revision: 4, orders: 2 }, { revision: 4, dirty: true }],
	[
		"of which Flink published other sales in the same revision",
		0.5,
		{ revision: 1, orders: 2 },
		{ revision: 2, dirty: true }
	],
	[
		"of which it did so, and that was emitted before",
		2,
		{ revision: 1, revenue: 90 },
		{ revision: 2, dirty: true }
	],
	[
		"that Flink has made final in the same revision",
		0.5,
		{ final: true },
		{ revision: 2, dirty: true }
	],
	["of which Flink knew less", 0.5, { revision: 0, orders: 0 }, { revision: 1, dirty: true }]
])("a window %s", async (what, hours, known, after) => {
	const minute = what.length;
	const start = await emitted(minute, hoursAgo(hours));
	await adoptRevisions(client, known ? [published(start, known)] : [], since);
	expect(await windowAt(start)).toEqual(after);
	await database.rows("delete from analytics.windows");
});

it("a window whose message waits is emitted again instead", async () => {
	const start = await emitted(1, hoursAgo(2), { waits: true });
	await adoptRevisions(client, [], undefined);
	expect(await windowAt(start)).toMatchObject({ dirty: true });
	const sql = "select 1 from analytics.outbox where published_at is null and topic = $1";
	expect(await database.rows(sql, [topics.windows])).toEqual([]);
});

it("late events are published that wait, or were marked while Flink was the owner", async () => {
	for (const [key, at] of [
		["before", hoursAgo(2)],
		["marked", hoursAgo(0.5)],
		["waits", null]
	] as const)
		await outbox(topics.late, key, at);
	await adoptRevisions(client, [], since);
	const rows = await database.rows<{ key: string }>(
		"select key from analytics.outbox where published_at is null and topic = $1 order by id",
		[topics.late]
	);
	expect(rows.map(({ key }) => key)).toEqual(["marked", "waits"]);
});
