import { product, type Product } from "../../../contracts/product.ts";
import { call, type Params } from "../../../lib/service.ts";
import { validate } from "../../../lib/validator.ts";
import productService from "../../../services/product/product.service.ts";
import { expectFailure } from "../../support/expect-failure.ts";
import { useShop } from "../../support/shop/use-shop.ts";
import { as, admin } from "../../support/shop/callers.ts";

/** Prices in several currencies. */

const { actions } = product;
type List = Params<typeof actions.list>;

const shop = useShop([productService]);

const list = (params: List = {}) => call(shop.broker, actions.list, params);

const entry = (sku: string) => ({
	sku,
	name: "Wooden Spoon",
	category: "kitchen",
	price: { amount: 1299, currency: "EUR" },
	stock: 7
});
const create = (sku: string, more: object = {}) =>
	call(shop.broker, actions.create, { ...entry(sku), ...more }, as(admin));

/** All pages of a list. */
async function walk(params: List): Promise<Product[]> {
	const found: Product[] = [];
	let cursor: string | null = null;
	do {
		const page: { data: Product[]; next_cursor: string | null } = await list({
			...params,
			...(cursor !== null && { cursor })
		});
		found.push(...page.data);
		cursor = page.next_cursor;
	} while (cursor !== null);
	return found;
}

const price = (amount: number, currency: string) => ({ price: { amount, currency } });
const market = { category: "market" };

/** A price as it could be stored before currencies were refused. */
async function stored(sku: string, amount: number, currency: string): Promise<Product> {
	const { id } = await create(sku, market);
	await shop.database.rows(
		"update product.products set price_minor = $2, currency = $3 where id = $1",
		[id, amount, currency]
	);
	return call(shop.broker, actions.get, { id });
}

it.each([
	{ sort: "price" as const },
	{ sort: "-price" as const },
	{ min_price: 1 },
	{ max_price: 1 },
	{ min_price: 0, max_price: 0 },
	{ category: "tea", sort: "price" as const, limit: 1 }
])("are not compared without a currency: %j", async params => {
	await expectFailure(list(params), "VALIDATION_FAILED", { pointer: "/currency" });
});

it.each([{}, { sort: "name" as const }, { in_stock: true }, { q: "tea", limit: 1 }])(
	"are listed together where they are not compared: %j",
	async params => {
		await expect(list(params)).resolves.toBeDefined();
	}
);

it("are sorted and filtered within one", async () => {
	await create("MARKET-1", { ...market, ...price(1000, "JPY") });
	await create("MARKET-2", { ...market, ...price(900, "USD") });
	await create("MARKET-3", { ...market, ...price(1100, "USD") });
	await create("MARKET-4", { ...market, ...price(5000, "JPY") });
	const amounts = async (params: List) =>
		(await walk({ ...market, limit: 1, ...params })).map(({ price }) => price.amount);
	expect(await amounts({ currency: "JPY", sort: "-price" })).toEqual([5000, 1000]);
	expect(await amounts({ currency: "USD", sort: "price" })).toEqual([900, 1100]);
	expect(await amounts({ currency: "USD", min_price: 1000 })).toEqual([1100]);
	expect(await amounts({ currency: "JPY", max_price: 1000 })).toEqual([1000]);
	expect(await amounts({ currency: "CHF", sort: "price" })).toEqual([]);
	expect((await amounts({ currency: "JPY" })).sort()).toEqual([1000, 5000]);
});

it.each(["usd", "XXX", "ABC", "", "US"])("have no currency %j", async currency => {
	await expectFailure(list({ currency }), "VALIDATION_ERROR");
});

it.each(["KPW", "IRR", "SYP", "CUP", "IQD", "LYD", "XAU", "XTS", "BGN", "CLF", "ABC"])(
	"that cannot be paid are refused when the price is made: %s",
	async currency => {
		await expectFailure(create("NEVER-1", price(1000, currency)), "VALIDATION_ERROR");
		const change = { id: "prod-001", ...price(1000, currency) };
		await expectFailure(call(shop.broker, actions.update, change, as(admin)), "VALIDATION_ERROR");
	}
);

it.each([
	[1235, "KWD", 1240],
	[1245, "KWD", 1240],
	[1246, "KWD", 1250],
	[1, "BHD", 10],
	[9, "TND", 10],
	[10_001, "OMR", 10_000],
	[1005, "JOD", 1000],
	[150, "MGA", 200],
	[12_345, "MGA", 12_300]
])("of %i %s are rounded to %i, which can be charged", async (amount, currency, rounded) => {
	const made = await create(`ROUNDED-${currency}-${amount}`, price(amount, currency));
	expect(made.price).toEqual({ amount: rounded, currency });
	const change = { id: made.id, name: "Spoon", ...price(amount, currency) };
	const changed = await call(shop.broker, actions.update, change, as(admin));
	expect(changed.price).toEqual({ amount: rounded, currency });
});

it.each([
	[100_000_000, "USD", 99_999_999],
	[100_000_000, "KWD", 99_999_990],
	[1_000_000, "ISK", 999_999],
	[99_999_999_999, "JPY", 9_999_999_999]
])("of %i %s are refused, because one charge is at most %i", async (amount, currency, most) => {
	await expectFailure(create("NEVER-3", price(amount, currency)), "VALIDATION_FAILED", {
		pointer: "/price/amount",
		detail: `must be <= ${most} in ${currency}`
	});
});

it.each([
	[99_999_999, "USD"],
	[99_999_999_999, "IDR"],
	[1230, "KWD"],
	[300, "MGA"],
	[1, "JPY"],
	[12_345, "HUF"],
	[999, "ISK"],
	[55, "UGX"],
	[1, "XCG"]
])("of %i %s are stored as they are", async (amount, currency) => {
	const made = await create(`PAYABLE-${currency}`, { ...market, ...price(amount, currency) });
	expect(made.price).toEqual({ amount, currency });
});

it.each([
	[1000, "KPW"],
	[1000, "BGN"],
	[1235, "KWD"],
	[150, "MGA"]
])("of %i %s from before can be read, listed and changed", async (amount, currency) => {
	const product = await stored(`BEFORE-${currency}`, amount, currency);
	expect(validate(actions.get.returns, product)).toEqual([]);
	expect(product.price).toEqual({ amount, currency });
	const found = await walk({ ...market, currency, sort: "price" });
	expect(found.map(({ id }) => id)).toContain(product.id);
	const renamed = { id: product.id, name: "Old Spoon" };
	const { price: kept } = await call(shop.broker, actions.update, renamed, as(admin));
	expect(kept).toEqual({ amount, currency });
	const { quotes } = await call(shop.broker, actions.quote, { product_ids: [product.id] });
	expect(quotes[0]!.unit_price).toEqual({ amount, currency });
	const repriced = { id: product.id, ...price(1000, "USD") };
	await expect(call(shop.broker, actions.update, repriced, as(admin))).resolves.toBeDefined();
});
