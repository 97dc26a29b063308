import { mostCategories } from "../../../contracts/analytics.ts";
import { Reports } from "../../../services/analytics/reports/reports.ts";
import { WindowStore } from "../../support/analytics/window-database.ts";

/** The hour that reports are about by default, on nodes whose clocks are wrong. */

const minuteMs = 60_000;
let store: WindowStore;
let reports: Reports;

/** Minutes before now, by the database's clock, at which windows begin. */
const ages = [62, 58, 30, 4, 2];
const starts = `select date_trunc('minute', clock_timestamp()) - age * interval '1 minute' as start
	from unnest($1::int[]) as age`;

beforeAll(async () => {
	store = await WindowStore.open();
	reports = new Reports(store.pg, "orders");
	await store.rows(
		`insert into analytics.results (window_start, currency, orders, revenue_minor, unique_users, average_minor, revision, final)
			select start, 'USD', 1, 100, 1, 100, 1, true from (${starts}) s`,
		[ages]
	);
	await store.rows(
		`insert into analytics.windows (window_start, currency, orders, revenue_minor, unique_users)
			select start, 'USD', 1, 100, 1 from (${starts}) s`,
		[ages]
	);
	await store.rows(
		`insert into analytics.products (id, name, category)
			select 'p-' || n, repeat('n', 200), 'category-' || n from generate_series(1, 60) n`
	);
	await store.rows(
		`insert into analytics.product_sales (window_start, currency, product_id, orders, units, revenue_minor)
			select start, 'USD', 'p-' || n, 1, 1, n from (${starts}) s, generate_series(1, 60) n`,
		[[2]]
	);
}, 30_000);

afterAll(() => store.close());
afterEach(() => void jest.restoreAllMocks());

/** The node's clock, so many minutes ahead. */
function setClock(minutesAhead: number): void {
	const { now } = Date;
	const aheadMs = minutesAhead * minuteMs;
	jest.spyOn(Date, "now").mockImplementation(() => now() + aheadMs);
}

describe.each([10, -10])("on a node whose clock is %d minutes ahead", minutesAhead => {
	beforeEach(() => setClock(minutesAhead));

	it("windows, sums and products are those of the last hour of the database", async () => {
		expect((await reports.windows({})).data).toHaveLength(4);
		const { data, from, to } = await reports.summary({});
		expect(data[0]).toMatchObject({ orders: 4 });
		expect(Date.parse(to) - Date.parse(from)).toBe(60 * minuteMs);
		const [clock] = await store.rows<{ now: Date }>("select clock_timestamp() as now");
		expect(Math.abs(Date.parse(to) - clock!.now.getTime())).toBeLessThan(minuteMs);
		expect((await reports.topProducts({ limit: 100 })).data).toHaveLength(60);
	});
});

it("the pages of one list have the range of the first one, however late they are read", async () => {
	const clock = jest.spyOn(store.pg, "query");
	const first = await reports.windows({ limit: 1 });
	const cursor = first.next_cursor!;
	const reads = () =>
		clock.mock.calls.filter(([{ name }]) => name === "analytics.read_clock").length;
	const ranges = () =>
		clock.mock.calls
			.filter(([{ name }]) => name === "analytics.list_results")
			.map(([, values]) => values!.slice(0, 2));
	const second = await reports.windows({ limit: 1, cursor });
	const third = await reports.windows({ limit: 2, cursor: second.next_cursor! });
	expect(reads()).toBe(1);
	expect(new Set(ranges().map(range => JSON.stringify(range))).size).toBe(1);
	expect([first, second, third].flatMap(({ data }) => data)).toEqual(
		(await reports.windows({})).data
	);
});

it("a summary has the categories of each currency that sold most", async () => {
	const { data } = await reports.summary({});
	expect(data[0]!.categories.map(({ category }) => category)).toEqual(
		Array.from({ length: mostCategories }, (_, n) => `category-${60 - n}`)
	);
});
