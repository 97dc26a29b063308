import type { Address, OrderItem, Totals } from "../../../contracts/order.ts";
import { fail, invalid } from "../../../lib/errors.ts";
import {
	add,
	allocate,
	format,
	roundToStep,
	share,
	sum,
	times,
	type Money
} from "../../../lib/money.ts";
import { payable, payableStep, type Payable } from "../../../lib/currency/payable.ts";

export interface Line {
	product_id: string;
	quantity: number;
}

export interface Quote {
	product_id: string;
	name: string;
	unit_price: Money;
}

/** Shipping in minor units by currency, 0 for all; tax in basis points of the subtotal. */
export interface RegionPrice {
	shipping: 0 | Readonly<Record<string, number>>;
	tax_basis_points: number;
}

/** PRICING_JSON, by `US-CA`, `US` or `*`. */
export type PricingTable = Readonly<Record<string, RegionPrice>>;

/**
 * Merges lines of one product, in the order of their first occurrence.
 * @throws VALIDATION_FAILED when together they exceed `maxQuantity`
 */
export function mergeLines(lines: readonly Line[], maxQuantity: number): Line[] {
	const merged = new Map<string, Line>();
	lines.forEach(({ product_id, quantity }, index) => {
		const line = merged.get(product_id) ?? { product_id, quantity: 0 };
		line.quantity += quantity;
		if (line.quantity > maxQuantity)
			invalid(`/items/${index}/quantity`, "maximum", `must be <= ${maxQuantity} for one product`);
		merged.set(product_id, line);
	});
	return [...merged.values()];
}

/** @throws UNKNOWN_PRODUCT naming every line whose product has no quote */
export function checkKnown(lines: readonly Line[], quotes: ReadonlyMap<string, Quote>): void {
	const unknown = lines.flatMap(({ product_id }, index) =>
		quotes.has(product_id)
			? []
			: [
					{
						pointer: `/items/${index}/product_id`,
						code: "unknown-product",
						detail: "does not exist or is no longer sold"
					}
				]
	);
	if (unknown.length > 0) fail("UNKNOWN_PRODUCT", undefined, unknown);
}

/**
 * Items with their quoted names and prices, which later changes of the products do not affect. A price from before its
 * currency's step was a rule is rounded to it.
 */
export function priceItems(
	lines: readonly Line[],
	quotes: ReadonlyMap<string, Quote>
): OrderItem[] {
	return lines.map(({ product_id, quantity }) => {
		const { name, unit_price: quoted } = quotes.get(product_id)!;
		const unit_price = roundToStep(quoted, payableStep(quoted.currency));
		return { product_id, name, quantity, unit_price, line_total: times(unit_price, quantity) };
	});
}

/** The codes of the country's states that have a price of their own: `CA` for `US-CA`. */
export function regionsOf(table: PricingTable, country: string): Set<string> {
	const prefix = `${country}-`;
	const keys = Object.keys(table).filter(key => key.startsWith(prefix));
	return new Set(keys.map(key => key.slice(prefix.length)));
}

/** ISO 3166 lists these as states of the US and as countries: one place, which has one price. */
const usTerritories = new Set(["AS", "GU", "MP", "PR", "UM", "VI"]);

function regionOf(table: PricingTable, { country, state }: Address): RegionPrice {
	const territory = [country, country === "US" && state].find(
		code => code && usTerritories.has(code)
	);
	const keys = territory ? [`US-${territory}`, territory, "US"] : [`${country}-${state}`, country];
	return table[keys.find(key => table[key]) ?? "*"]!;
}

/** @throws SHIPPING_NOT_PRICED */
function shippingOf({ shipping }: RegionPrice, currency: string): Money {
	if (shipping === 0) return { amount: 0, currency };
	if (!Object.hasOwn(shipping, currency)) fail("SHIPPING_NOT_PRICED");
	return { amount: shipping[currency]!, currency };
}

/** @throws AMOUNT_TOO_SMALL, AMOUNT_TOO_LARGE */
function checkChargeable(total: Money, { minimum, maximum }: Payable): Money {
	const { amount, currency } = total;
	const shown = (limit: number) => format({ amount: limit, currency });
	if (amount < minimum) fail("AMOUNT_TOO_SMALL", `It must be at least ${shown(minimum)}`);
	if (amount > maximum) fail("AMOUNT_TOO_LARGE", `It must be at most ${shown(maximum)}`);
	return total;
}

/**
 * total = subtotal + shipping + tax on the subtotal, rounded half to even once, to what the provider can charge.
 * @throws MIXED_CURRENCIES, CURRENCY_NOT_PAYABLE, SHIPPING_NOT_PRICED, AMOUNT_TOO_SMALL, AMOUNT_TOO_LARGE
 */
export function priceTotals(
	items: readonly OrderItem[],
	address: Address,
	table: PricingTable
): Totals {
	const { currency } = items[0]!.unit_price;
	const region = regionOf(table, address);
	const subtotal = sum(
		items.map(item => item.line_total),
		currency
	);
	const rule = payable(currency) ?? fail("CURRENCY_NOT_PAYABLE", `${currency} cannot be paid`);
	const shipping = shippingOf(region, currency);
	const tax = share(subtotal, region.tax_basis_points, rule.step);
	const total = checkChargeable(add(add(subtotal, shipping), tax), rule);
	return { subtotal, shipping, tax, total };
}

/** @throws PRICE_CHANGED when the customer was shown another total */
export function checkExpected({ total }: Totals, expected: Money | undefined): void {
	if (!expected) return;
	if (expected.amount === total.amount && expected.currency === total.currency) return;
	fail("PRICE_CHANGED", undefined, [
		{ pointer: "/expected_total", code: "price-changed", detail: `is now ${format(total)}` }
	]);
}

/** Each line's share of the total, with its part of tax and shipping: the value of its return. */
export function allocateTotal(
	items: readonly OrderItem[],
	{ total }: Totals
): { product_id: string; amount: number }[] {
	const parts = allocate(
		total.amount,
		items.map(({ line_total }) => line_total.amount),
		payableStep(total.currency)
	);
	return items.map(({ product_id }, index) => ({ product_id, amount: parts[index]! }));
}
