import { tally, type Reversal, type Sale } from "./tally.window.ts";
import { allowedLatenessMs, windowMs } from "./tumbling.window.ts";

const start = Date.UTC(2026, 0, 1, 12, 30);

const sale = (ms: number, user_id: string, currency = "USD"): Sale => ({
	kind: "sale",
	at: start + ms,
	currency,
	user_id,
	revenue: 1100,
	lines: [
		{ product_id: "mug", units: 2, revenue: 600 },
		{ product_id: "cap", units: 1, revenue: 400 }
	]
});
const reversal = (ms: number, type: Reversal["type"]): Reversal => ({
	kind: "reversal",
	at: start + ms,
	currency: "USD",
	type,
	count: 1,
	amount: 50
});

describe("a tally", () => {
	it("is empty without events", () => {
		const empty = { windows: [], users: [], products: [], reversals: [], late: [] };
		expect(tally([])).toEqual(empty);
	});

	it("sums orders by minute and currency, and counts a user once in each", () => {
		const facts = [
			sale(0, "a"),
			sale(1, "b"),
			sale(windowMs - 1, "a"),
			sale(windowMs, "a"),
			sale(-1, "b"),
			sale(0, "a", "EUR")
		];
		const { windows, users } = tally(facts);
		expect(windows).toEqual([
			{ start: start - windowMs, currency: "USD", orders: 1, revenue: 1100 },
			{ start, currency: "EUR", orders: 1, revenue: 1100 },
			{ start, currency: "USD", orders: 3, revenue: 3300 },
			{ start: start + windowMs, currency: "USD", orders: 1, revenue: 1100 }
		]);
		expect(users).toHaveLength(5);
		expect(users.filter(u => u.start === start && u.currency === "USD")).toEqual([
			{ start, currency: "USD", user_id: "a" },
			{ start, currency: "USD", user_id: "b" }
		]);
	});

	it("sums units and revenue by product", () => {
		expect(tally([sale(0, "a"), sale(1, "b")]).products).toEqual([
			{ start, currency: "USD", product_id: "cap", orders: 2, units: 2, revenue: 800 },
			{ start, currency: "USD", product_id: "mug", orders: 2, units: 4, revenue: 1200 }
		]);
	});

	it("keeps cancellations and refunds apart from sales", () => {
		const kinds = ["cancelled", "refunded", "cancelled", "returned"] as const;
		const { windows, reversals } = tally(kinds.map((type, ms) => reversal(ms, type)));
		expect(windows).toEqual([]);
		expect(reversals).toEqual([
			{ start, currency: "USD", type: "cancelled", orders: 2, amount: 100 },
			{ start, currency: "USD", type: "refunded", orders: 1, amount: 50 },
			{ start, currency: "USD", type: "returned", orders: 1, amount: 50 }
		]);
	});

	it("collects events whose window is final as late", () => {
		const facts = [sale(0, "a"), reversal(0, "cancelled"), sale(windowMs, "a")];
		const { windows, late } = tally(facts, start + windowMs + allowedLatenessMs);
		expect(late).toEqual(facts.slice(0, 2));
		expect(windows.map(window => window.start)).toEqual([start + windowMs]);
		expect(tally(facts, start + windowMs + allowedLatenessMs - 1).late).toEqual([]);
	});
});
