import pg from "pg";
import { adoptRevisions } from "../../../cli/handover/adoption.ts";
import type { Window } from "../../../contracts/analytics.ts";
import { serviceUrl } from "../../../db/database.ts";
import { topics } from "../../../streams/messages/topics.ts";
import type { ServiceName } from "../../support/servers/database.ts";
import { useDatabase } from "../../support/servers/use-database.ts";

/** Which role of the database a handover to the analytics service needs (k8s/components/windows-by-flink). */

const database = useDatabase();
const since = new Date(Date.now() - 3_600_000).toISOString();
const startOf = (minute: number) => new Date(Date.UTC(2026, 2, 1, 12, minute)).toISOString();

const published = (minute: number, orders: number, revision: number): Window => ({
	window_start: startOf(minute),
	window_end: startOf(minute + 1),
	currency: "USD",
	orders,
	revenue: 100 * orders,
	unique_users: 1,
	average_order_value: 100,
	revision,
	final: false
});

/** By window, one for each thing that a handover changes. */
const known = [published(1, 2, 1), published(2, 4, 4), published(3, 1, 1)];

beforeAll(async () => {
	await database.rows(
		`insert into analytics.windows (window_start, currency, orders, revenue_minor, unique_users, revision, dirty, emitted_at)
		select unnest($1::timestamptz[]), 'USD', 1, 100, 1, 1, false, clock_timestamp() - interval '2 hours'`,
		[[0, 1, 2].map(startOf)]
	);
	await database.rows(
		`insert into analytics.outbox (topic, key, value, published_at)
		values ($1, $2, '{}', null), ($3, 'late', '{}', clock_timestamp())`,
		[topics.windows, `${startOf(0)}/USD`, topics.late]
	);
});

async function adoptAs(service: ServiceName): Promise<number> {
	const client = new pg.Client({ connectionString: serviceUrl(database.url, service) });
	await client.connect();
	try {
		return await adoptRevisions(client, known, since);
	} finally {
		await client.end();
	}
}

const state = async () => ({
	windows: await database.rows(
		"select revision, dirty from analytics.windows order by window_start"
	),
	waiting: await database.rows("select key from analytics.outbox where published_at is null")
});

it.each(["order", "notification"] as const)("it is not that of %s", async service => {
	const before = await state();
	await expect(adoptAs(service)).rejects.toThrow("permission denied for schema analytics");
	expect(await state()).toEqual(before);
});

it("it is that of analytics, which may change all that a handover changes", async () => {
	expect(await adoptAs("analytics")).toBe(4);
	expect(await state()).toEqual({
		windows: [
			{ revision: 1, dirty: true },
			{ revision: 2, dirty: true },
			{ revision: 4, dirty: true },
			{ revision: 1, dirty: true }
		],
		waiting: [{ key: "late" }]
	});
});
