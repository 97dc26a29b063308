import pg from "pg";
import { analytics, WindowStreamEvent } from "../../../contracts/analytics.ts";
import { migrate, migrations } from "../../../db/migrate.ts";
import { validate } from "../../../lib/validator.ts";
import { Reports } from "../../../services/analytics/reports/reports.ts";
import {
	allowedLatenessMs,
	windowMs
} from "../../../services/analytics/windows/tumbling.window.ts";
import { verify } from "../../../verify/analytics.verifier.ts";
import { recordEvents } from "../../support/analytics/recorded-events.ts";
import { WindowStore } from "../../support/analytics/window-database.ts";
import { testDatabase } from "../../support/servers/database.ts";
import { buildOrderEvent, type OrderEventSpec } from "../../support/streams/order-message.ts";

/** Sums beyond 2^53 - 1, the most that the contract allows, because JSON readers cannot hold more. */

const most = Number.MAX_SAFE_INTEGER;
const { actions } = analytics;
const minute = Math.floor(Date.now() / windowMs) * windowMs - 7_200_000;
const span = {
	from: new Date(minute).toISOString(),
	to: new Date(minute + 3 * windowMs).toISOString()
};

let store: WindowStore;
let reports: Reports;

const large = { product_id: "gold", quantity: 999, unit_price: 2 ** 52 };

/** Totals of events in one minute, which are applied one after the other or together. */
const totals = [most, 1, most, 2 ** 52, most - 1, 7, most, most, most, most, most, most];

beforeAll(async () => {
	store = await WindowStore.open();
	reports = new Reports(store.pg, "orders");
	const at = (ms: number, spec: OrderEventSpec) => buildOrderEvent({ at: minute + ms, ...spec });
	const sales = totals.map((total, n) =>
		at(n, { user_id: `user-${n}`, total, items: [large, { ...large, quantity: 1 }] })
	);
	const exact = [
		at(windowMs, { total: 2 ** 52, currency: "EUR" }),
		at(windowMs + 1, { total: 2 ** 52 - 1, currency: "EUR" })
	];
	const reversed = totals.flatMap((total, n) =>
		(["order.cancelled", "order.refunded", "order.returned"] as const).map(type =>
			at(n, {
				type,
				total,
				...(type === "order.returned" && {
					return: {
						id: crypto.randomUUID(),
						items: [],
						reason: "x",
						restock: true,
						decided_by: "x",
						refunded: { amount: total, currency: "USD" }
					} as unknown as OrderEventSpec["return"]
				})
			})
		)
	);
	const late = [at(-allowedLatenessMs - 3 * windowMs, { total: most })];
	const log = [...sales, ...exact, ...reversed];
	await store.begin([[...log, ...late]]);
	await recordEvents(store, [...log, ...late]);
	for (const count of [1, 1, 1, 4, 2]) await store.deliver(0, count);
	await store.settle();
}, 60_000);
afterAll(() => store.close());

it("are given as 2^53 - 1 in windows, messages and reports, as the contract says", async () => {
	const windows = await reports.windows(span);
	expect(validate(actions.windows.returns, windows)).toEqual([]);
	expect(windows.data.map(w => [w.currency, w.orders, w.revenue, w.average_order_value])).toEqual([
		["USD", 12, most, 750_599_937_895_083],
		["EUR", 2, most, 2 ** 52]
	]);
	const summary = await reports.summary(span);
	expect(validate(actions.summary.returns, summary)).toEqual([]);
	const [, usd] = summary.data;
	expect(usd!.revenue).toBe(most);
	expect(usd!.cancellations).toEqual({ orders: 12, amount: most });
	expect(usd!.refunds).toEqual({ orders: 24, amount: most });
	expect(usd!.categories[0]!.revenue).toBe(most);
	const top = await reports.topProducts(span);
	expect(validate(actions.topProducts.returns, top)).toEqual([]);
	const messages = await store.rows<{ value: string }>(
		"select value from analytics.outbox where topic = 'analytics-results'"
	);
	expect(messages.length).toBeGreaterThan(1);
	for (const { value } of messages)
		expect(validate(WindowStreamEvent, JSON.parse(value))).toEqual([]);
});

it("are no difference to verify, and a wrong one is", async () => {
	const client = new pg.Client({ connectionString: store.database.url });
	await client.connect();
	const differences = async () => {
		const found = [];
		for await (const line of verify({ client })) found.push(line);
		return found;
	};
	try {
		expect(await differences()).toEqual([]);
		await client.query(
			"update analytics.windows set revenue_minor = revenue_minor - 1 where currency = 'USD'"
		);
		expect(await differences()).toContainEqual(
			expect.stringContaining(`revenue ${most - 1}, the events say ${most}`)
		);
	} finally {
		await client.end();
	}
});

it("from before are capped, and their windows are emitted again", async () => {
	const database = await testDatabase("template1");
	try {
		const all = await migrations();
		const isOlder = ({ service, file }: { service: string; file: string }) =>
			service !== "analytics" || file < "0010";
		await migrate(database.url, all.filter(isOlder));
		await database.rows(`
			insert into analytics.windows (window_start, currency, orders, revenue_minor, unique_users, revision, dirty)
			values ('2026-01-01Z', 'USD', 3, 27021597764222973, 1, 1, false), ('2026-01-01Z', 'EUR', 1, 5, 1, 1, false)`);
		await database.rows(`
			insert into analytics.results (window_start, currency, orders, revenue_minor, unique_users, average_minor, revision, final)
			values ('2026-01-01Z', 'USD', 3, 27021597764222973, 1, 9007199254740991, 1, false)`);
		await database.rows(`
			insert into analytics.product_sales (window_start, currency, product_id, orders, units, revenue_minor)
			values ('2026-01-01Z', 'USD', 'gold', 3, 3, 27021597764222973)`);
		await database.rows(`
			insert into analytics.reversals (window_start, currency, type, orders, amount_minor)
			values ('2026-01-01Z', 'USD', 'cancelled', 3, 27021597764222973)`);
		await migrate(database.url);
		const sums = await database.rows<{ amount: string }>(`
			select revenue_minor::text as amount from analytics.windows where dirty union all
			select revenue_minor::text from analytics.results union all
			select revenue_minor::text from analytics.product_sales union all
			select amount_minor::text from analytics.reversals`);
		expect(sums.map(({ amount }) => amount)).toEqual(sums.map(() => String(most)));
		expect(sums).toHaveLength(4);
		const untouched = "select dirty from analytics.windows where currency = 'EUR'";
		expect(await database.rows(untouched)).toEqual([{ dirty: false }]);
	} finally {
		await database.drop();
	}
});
