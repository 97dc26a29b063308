import { payableCurrencies, payableStep } from "../lib/currency/payable.ts";
import { strictObject, T, type Static } from "../lib/schema.ts";
import { validate } from "../lib/validator.ts";
import { EnvironmentError } from "./environment-error.ts";
import { byRegionCode } from "./price-regions.ts";

/** In minor units by currency, for the currencies that the shop ships in; or 0, which is free in all. */
const Shipping = T.Unsafe<0 | Record<string, number>>({
	type: ["integer", "object"],
	minimum: 0,
	propertyNames: { enum: [...payableCurrencies] },
	additionalProperties: { type: "integer", minimum: 0, maximum: 1_000_000_000 }
});

const Pricing = T.Record(
	T.String({ pattern: "^(\\*|[A-Z]{2}(-[A-Za-z0-9 ]{1,40})?)$" }),
	strictObject({
		shipping: Shipping,
		tax_basis_points: T.Integer({ minimum: 0, maximum: 10_000 })
	}),
	{ additionalProperties: false }
);

/** Shipping by currency and tax, by region; `*` is the rest of the world. */
export type PricingTable = Static<typeof Pricing>;

/** Amounts that are none, or that cannot be charged. */
function shippingIssues(table: PricingTable): string[] {
	return Object.entries(table).flatMap(([region, { shipping }]) => {
		const at = `PRICING_JSON: /${region}/shipping`;
		if (typeof shipping === "number")
			return shipping === 0 ? [] : [`${at} must be 0 or by currency, such as {"USD":${shipping}}`];
		return Object.entries(shipping)
			.filter(([currency, amount]) => amount % payableStep(currency) !== 0)
			.map(([currency]) => `${at}/${currency} must be a multiple of ${payableStep(currency)}`);
	});
}

/** The table of PRICING_JSON. @throws EnvironmentError */
export function parsePricing(json: string): PricingTable {
	let table: unknown;
	try {
		table = JSON.parse(json);
	} catch {
		throw new EnvironmentError(["PRICING_JSON: is not JSON"]);
	}
	const found = validate(Pricing, table);
	if (found.length > 0)
		throw new EnvironmentError(found.map(f => `PRICING_JSON: ${f.pointer} ${f.detail}`));
	if (!(table as PricingTable)["*"]) throw new EnvironmentError(['PRICING_JSON: "*" is missing']);
	const issues = shippingIssues(table as PricingTable);
	if (issues.length > 0) throw new EnvironmentError(issues);
	return byRegionCode(table as PricingTable);
}
