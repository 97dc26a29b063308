import fc from "fast-check";
import {
	checkKnown,
	mergeLines,
	priceItems,
	priceTotals,
	allocateTotal,
	type Quote
} from "./order.pricing.ts";

const usd = (amount: number) => ({ amount, currency: "USD" });
const address = { street: "1 Main St", city: "SF", state: "CA", zip: "94105", country: "US" };
const quotes = new Map<string, Quote>([
	["a", { product_id: "a", name: "Lamp", unit_price: usd(1999) }],
	["b", { product_id: "b", name: "Rug", unit_price: usd(5000) }]
]);
const table = {
	"*": { shipping: 1500, tax_basis_points: 0 },
	US: { shipping: 500, tax_basis_points: 0 },
	"US-CA": { shipping: 0, tax_basis_points: 725 }
};

describe("lines", () => {
	it("of one product become one, in the order first seen", () => {
		expect(
			mergeLines(
				[
					{ product_id: "b", quantity: 1 },
					{ product_id: "a", quantity: 2 },
					{ product_id: "b", quantity: 3 }
				],
				999
			)
		).toEqual([
			{ product_id: "b", quantity: 4 },
			{ product_id: "a", quantity: 2 }
		]);
	});

	it("are refused when together they exceed the limit, naming the line", () => {
		expect(() =>
			mergeLines(
				[
					{ product_id: "a", quantity: 9 },
					{ product_id: "a", quantity: 1 }
				],
				9
			)
		).toThrow(
			expect.objectContaining({
				type: "VALIDATION_FAILED",
				data: { errors: [expect.objectContaining({ pointer: "/items/1/quantity" })] }
			})
		);
	});

	it("with products without a quote are all listed", () => {
		const lines = ["x", "a", "y"].map(product_id => ({ product_id, quantity: 1 }));
		expect(() => checkKnown(lines, quotes)).toThrow(
			expect.objectContaining({
				type: "UNKNOWN_PRODUCT",
				data: {
					errors: [
						expect.objectContaining({ pointer: "/items/0/product_id" }),
						expect.objectContaining({ pointer: "/items/2/product_id" })
					]
				}
			})
		);
	});
});

describe("totals", () => {
	const items = priceItems([{ product_id: "a", quantity: 2 }], quotes);

	it("use the most specific region", () => {
		const total = (over: object) => priceTotals(items, { ...address, ...over }, table).total;
		expect(total({})).toEqual(usd(3998 + 290));
		expect(total({ state: "NV" })).toEqual(usd(3998 + 500));
		expect(total({ state: null })).toEqual(usd(3998 + 500));
		expect(total({ country: "DE", state: null })).toEqual(usd(3998 + 1500));
	});

	it.each([
		["AS", "PR"],
		["GU", "VI"]
	])("are the same for a territory as a state of the US and as a country", (...territories) => {
		const total = (over: object, prices = {}) =>
			priceTotals(items, { ...address, ...over }, { ...table, ...prices }).total;
		const own = { shipping: 700, tax_basis_points: 0 };
		for (const code of territories) {
			expect(total({ country: code, state: null })).toEqual(usd(3998 + 500));
			expect(total({ state: code })).toEqual(usd(3998 + 500));
			for (const key of [code, `US-${code}`]) {
				expect(total({ country: code, state: null }, { [key]: own })).toEqual(usd(3998 + 700));
				expect(total({ state: code }, { [key]: own })).toEqual(usd(3998 + 700));
			}
		}
	});

	it("refuse two currencies in one order", () => {
		const mixed = new Map(quotes).set("c", {
			product_id: "c",
			name: "Cup",
			unit_price: { amount: 100, currency: "EUR" }
		});
		const lines = ["a", "c"].map(product_id => ({ product_id, quantity: 1 }));
		expect(() => priceTotals(priceItems(lines, mixed), address, table)).toThrow(
			expect.objectContaining({ type: "MIXED_CURRENCIES" })
		);
	});

	it("always add up, in integers, for any items", () => {
		const line = fc.record({
			price: fc.integer({ min: 1, max: 99_999_999_999 }),
			quantity: fc.integer({ min: 1, max: 90 })
		});
		fc.assert(
			fc.property(
				fc.array(line, { minLength: 1, maxLength: 20 }),
				fc.integer({ min: 0, max: 10_000 }),
				fc.integer({ min: 0, max: 100_000 }),
				(lines, tax_basis_points, shipping) => {
					const priced = lines.map(({ price, quantity }, index) => ({
						product_id: `p${index}`,
						name: "x",
						quantity,
						unit_price: usd(price),
						line_total: usd(price * quantity)
					}));
					const totals = priceTotals(priced, address, {
						"*": { shipping, tax_basis_points }
					});
					const subtotal = lines.reduce((n, l) => n + l.price * l.quantity, 0);
					expect(totals.subtotal.amount).toBe(subtotal);
					expect(totals.total.amount).toBe(subtotal + totals.shipping.amount + totals.tax.amount);
					expect(Object.values(totals).every(m => Number.isSafeInteger(m.amount))).toBe(true);
				}
			)
		);
	});
});

describe("the lines' shares of the total", () => {
	it("include tax and shipping in proportion to the lines' prices", () => {
		const items = priceItems(
			[
				{ product_id: "a", quantity: 1 },
				{ product_id: "b", quantity: 2 }
			],
			quotes
		);
		const totals = priceTotals(items, { ...address, state: "NV" }, table);
		expect(allocateTotal(items, totals)).toEqual([
			{ product_id: "a", amount: 2082 },
			{ product_id: "b", amount: 10_417 }
		]);
	});

	it("sum to the total, for any order", () => {
		const line = fc.record({
			product_id: fc.constantFrom("a", "b"),
			quantity: fc.integer({ min: 1, max: 400 })
		});
		const state = fc.constantFrom("CA", "NV");
		fc.assert(
			fc.property(fc.array(line, { minLength: 1, maxLength: 2 }), state, (lines, state) => {
				const items = priceItems(mergeLines(lines, 999), quotes);
				const totals = priceTotals(items, { ...address, state }, table);
				const parts = allocateTotal(items, totals).map(({ amount }) => amount);
				expect(parts.reduce((a, b) => a + b)).toBe(totals.total.amount);
			})
		);
	});
});
