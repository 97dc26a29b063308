import { analytics } from "../../../contracts/analytics.ts";
import { validate } from "../../../lib/validator.ts";
import { Reports } from "../../../services/analytics/reports/reports.ts";
import {
	allowedLatenessMs,
	windowMs
} from "../../../services/analytics/windows/tumbling.window.ts";
import { buildOrderEvent, type OrderEventSpec } from "../../support/streams/order-message.ts";
import { WindowStore } from "../../support/analytics/window-database.ts";
import { expectFailure } from "../../support/expect-failure.ts";

const { actions } = analytics;
const minute = Math.floor(Date.now() / windowMs) * windowMs - 7_200_000;
const iso = (ms: number) => new Date(minute + ms).toISOString();
const span = { from: iso(0), to: iso(4 * windowMs) };

let store: WindowStore;
let reports: Reports;

const after = (ms: number, spec: OrderEventSpec = {}) =>
	buildOrderEvent({ at: minute + ms, ...spec });
const items = (...ids: string[]) =>
	ids.map((product_id, n) => ({ product_id, quantity: n + 1, unit_price: 1000 / (n + 1) }));

beforeAll(async () => {
	store = await WindowStore.open();
	reports = new Reports(store.pg, "orders");
	expect((await reports.windows({})).watermark).toBeNull();
	await store.begin([
		[
			after(0, { user_id: "a", items: items("mug", "cap"), total: 2101 }),
			after(1, { user_id: "a", items: items("cap"), total: 1000 }),
			after(windowMs, { items: items("mug"), currency: "EUR", total: 1000 }),
			after(3 * windowMs, { items: items("ghost"), total: 1000 }),
			after(2, { type: "order.cancelled", total: 700 }),
			after(3, { type: "order.refunded", total: 700 }),
			after(-windowMs, { total: 5000 }),
			after(4 * windowMs, { total: 5000 })
		]
	]);
	await store.settle();
	await store.rows(
		`update analytics.products set name = upper(id), category = 'goods' where id <> 'ghost'`
	);
}, 30_000);

afterAll(() => store.close());

describe("windows", () => {
	it("that begin within the range are listed as the contract says, excluding the end", async () => {
		const answer = await reports.windows(span);
		expect(validate(actions.windows.returns, answer)).toEqual([]);
		expect(answer.data.map(w => [w.window_start, w.currency, w.orders])).toEqual([
			[iso(0), "USD", 2],
			[iso(windowMs), "EUR", 1],
			[iso(3 * windowMs), "USD", 1]
		]);
		expect(answer.data[0]).toMatchObject({
			revenue: 3101,
			unique_users: 1,
			average_order_value: 1550,
			window_end: iso(windowMs),
			revision: 1,
			final: false
		});
		expect(Date.parse(answer.watermark!)).toBeGreaterThan(minute + 5 * windowMs);
	});

	it("come in pages without loss or repetition, each cursor for its own list", async () => {
		const whole = (await reports.windows(span)).data;
		const found = [];
		let cursor: string | null | undefined;
		do {
			const page = await reports.windows({ ...span, limit: 1, ...(cursor && { cursor }) });
			found.push(...page.data);
			cursor = page.next_cursor;
		} while (cursor);
		expect(found).toEqual(whole);
		const { next_cursor } = await reports.windows({ ...span, limit: 1 });
		await expectFailure(
			reports.windows({ ...span, currency: "USD", cursor: next_cursor! }),
			"VALIDATION_FAILED"
		);
	});

	it("are filtered by currency", async () => {
		const { data } = await reports.windows({ ...span, currency: "EUR" });
		expect(data.map(w => w.currency)).toEqual(["EUR"]);
	});
});

describe("a summary", () => {
	it("states by currency what was sold, cancelled and refunded", async () => {
		const answer = await reports.summary(span);
		expect(validate(actions.summary.returns, answer)).toEqual([]);
		expect(answer.data).toEqual([
			{
				currency: "EUR",
				orders: 1,
				revenue: 1000,
				average_order_value: 1000,
				cancellations: { orders: 0, amount: 0 },
				refunds: { orders: 0, amount: 0 },
				categories: [{ category: "goods", units: 1, revenue: 1000 }]
			},
			{
				currency: "USD",
				orders: 3,
				revenue: 4101,
				average_order_value: 1367,
				cancellations: { orders: 1, amount: 700 },
				refunds: { orders: 1, amount: 700 },
				categories: [
					{ category: "goods", units: 4, revenue: 3000 },
					{ category: null, units: 1, revenue: 1000 }
				]
			}
		]);
	});

	it("counts late events", async () => {
		expect((await reports.summary(span)).late_events).toBe(0);
		const at = minute - allowedLatenessMs - windowMs;
		await store.rows(
			`insert into analytics.late_events values (gen_random_uuid(), 'order.confirmed', $1, 'USD', 1)`,
			[new Date(at)]
		);
		const old = { from: new Date(at).toISOString(), to: new Date(at + 1).toISOString() };
		expect((await reports.summary(old)).late_events).toBe(1);
	});
});

describe("the best-selling products", () => {
	it("are ranked in each currency by revenue or by units", async () => {
		const answer = await reports.topProducts({ ...span, limit: 1 });
		expect(validate(actions.topProducts.returns, answer)).toEqual([]);
		expect(answer.data.map(p => [p.currency, p.product_id, p.units, p.revenue])).toEqual([
			["EUR", "mug", 1, 1000],
			["USD", "cap", 3, 2000]
		]);
		const { data } = await reports.topProducts({ ...span, currency: "USD", by: "units" });
		expect(data.map(p => [p.product_id, p.name])).toEqual([
			["cap", "CAP"],
			["ghost", null],
			["mug", "MUG"]
		]);
	});
});
