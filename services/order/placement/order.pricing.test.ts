import fc from "fast-check";
import { payable, payableCurrencies } from "../../../lib/currency/payable.ts";
import {
	checkKnown,
	mergeLines,
	priceItems,
	priceTotals,
	allocateTotal,
	type Quote,
	type RegionPrice
} from "./order.pricing.ts";

const usd = (amount: number) => ({ amount, currency: "USD" });
const address = { street: "1 Main St", city: "SF", state: "CA", zip: "94105", country: "US" };
const quotes = new Map<string, Quote>([
	["a", { product_id: "a", name: "Lamp", unit_price: usd(1999) }],
	["b", { product_id: "b", name: "Rug", unit_price: usd(5000) }]
]);
const table = {
	"*": { shipping: { USD: 1500, EUR: 1400, JPY: 2000 }, tax_basis_points: 0 },
	US: { shipping: { USD: 500 }, tax_basis_points: 0 },
	"US-CA": { shipping: 0, tax_basis_points: 725 }
} as const;

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
		const own = { shipping: { USD: 700 }, tax_basis_points: 0 };
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
			price: fc.integer({ min: 50, max: 50_000 }),
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
						"*": { shipping: { USD: shipping }, tax_basis_points }
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

describe("totals in any currency", () => {
	const free = { shipping: 0, tax_basis_points: 0 } as const;

	/** Totals of one line. */
	function priced(
		amount: number,
		currency: string,
		region: Partial<RegionPrice> = {},
		quantity = 1
	) {
		const unit_price = { amount, currency };
		const quote = new Map([["a", { product_id: "a", name: "Lamp", unit_price }]]);
		const items = priceItems([{ product_id: "a", quantity }], quote);
		return { items, totals: priceTotals(items, address, { "*": { ...free, ...region } }) };
	}

	it("take shipping from the table of their currency, and refuse one without a price", () => {
		const abroad = { ...address, country: "JP", state: null };
		const inYen = new Map([
			["a", { product_id: "a", name: "Lamp", unit_price: { amount: 3000, currency: "JPY" } }]
		]);
		const items = priceItems([{ product_id: "a", quantity: 1 }], inYen);
		expect(priceTotals(items, abroad, table).shipping).toEqual({ amount: 2000, currency: "JPY" });
		expect(priceTotals(items, address, table).shipping).toEqual({ amount: 0, currency: "JPY" });
		expect(() => priceTotals(items, { ...address, state: "NV" }, table)).toThrow(
			expect.objectContaining({ type: "SHIPPING_NOT_PRICED" })
		);
	});

	it.each(["XXX", "XAU", "XTS", "KPW", "IRR", "SYP", "CUP", "IQD", "LYD", "BGN", "CLF", "DEM"])(
		"refuse %s, which cannot be paid",
		currency => {
			expect(() => priced(10_000, currency)).toThrow(
				expect.objectContaining({ type: "CURRENCY_NOT_PAYABLE" })
			);
		}
	);

	it.each([
		[49, "USD", "AMOUNT_TOO_SMALL", "It must be at least 0.50 USD"],
		[17_499, "HUF", "AMOUNT_TOO_SMALL", "It must be at least 175.00 HUF"],
		[49, "JPY", "AMOUNT_TOO_SMALL", "It must be at least 50 JPY"],
		[100_000_000, "USD", "AMOUNT_TOO_LARGE", "It must be at most 999999.99 USD"],
		[1_000_000, "ISK", "AMOUNT_TOO_LARGE", "It must be at most 999999 ISK"],
		[100_000_000, "KWD", "AMOUNT_TOO_LARGE", "It must be at most 99999.990 KWD"],
		[10_000_000_000, "COP", "AMOUNT_TOO_LARGE", "It must be at most 99999999.99 COP"]
	])("refuse %i %s: %s", (amount, currency, type, detail) => {
		expect(() => priced(amount, currency)).toThrow(
			expect.objectContaining({ type, data: expect.objectContaining({ detail }) })
		);
	});

	it.each([
		[50, "USD"],
		[17_500, "HUF"],
		[50, "JPY"],
		[99_999_999, "USD"],
		[999_999, "ISK"],
		[99_999_990, "KWD"],
		[999_999_999_999, "IDR"],
		[100, "MGA"],
		[1, "UGX"]
	])("allow %i %s", (amount, currency) => {
		expect(priced(amount, currency).totals.total).toEqual({ amount, currency });
	});

	it.each([
		// A price from before: rounded half to even in steps, and never to nothing.
		[1235, "KWD", 1, 0, 1240, 0],
		[1245, "KWD", 3, 0, 3720, 0],
		[1244, "BHD", 2, 0, 2480, 0],
		[3, "TND", 1, 0, 10, 0],
		[150, "MGA", 1, 0, 200, 0],
		// Tax in steps.
		[1230, "KWD", 1, 825, 1230, 100],
		[1000, "OMR", 1, 450, 1000, 40],
		[1000, "OMR", 1, 550, 1000, 60],
		[10_000, "MGA", 1, 725, 10_000, 700],
		[999, "ISK", 1, 2400, 999, 240],
		[1999, "USD", 1, 825, 1999, 165]
	])(
		"of %i %s × %i at %i basis points are %i and %i",
		(amount, currency, quantity, tax_basis_points, subtotal, tax) => {
			const { totals } = priced(amount, currency, { tax_basis_points }, quantity);
			expect([totals.subtotal.amount, totals.tax.amount]).toEqual([subtotal, tax]);
		}
	);

	it("and each line's share of them can be charged and refunded, in every currency", () => {
		const lines = fc.array(
			fc.record({
				price: fc.integer({ min: 1, max: 300 }),
				quantity: fc.integer({ min: 1, max: 20 })
			}),
			{ minLength: 1, maxLength: 6 }
		);
		const region = fc.record({ tax: fc.nat(3000), shipping: fc.nat(50) });
		const currencies = fc.constantFrom(...payableCurrencies);
		fc.assert(
			fc.property(lines, region, currencies, (given, { tax, shipping }, currency) => {
				const { step, minimum } = payable(currency)!;
				const quotes = new Map(
					given.map(({ price }, index) => {
						const unit_price = { amount: minimum * 5 + price, currency };
						return [`p${index}`, { product_id: `p${index}`, name: "x", unit_price }];
					})
				);
				const items = priceItems(
					given.map(({ quantity }, index) => ({ product_id: `p${index}`, quantity })),
					quotes
				);
				const prices = { shipping: { [currency]: shipping * step }, tax_basis_points: tax };
				const totals = priceTotals(items, address, { "*": prices });
				const shares = allocateTotal(items, totals).map(({ amount }) => amount);
				const amounts = [...Object.values(totals).map(({ amount }) => amount), ...shares];
				expect(amounts.filter(amount => amount % step !== 0)).toEqual([]);
				expect(shares.reduce((a, b) => a + b)).toBe(totals.total.amount);
			})
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
