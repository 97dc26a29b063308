import type { Address, order } from "../../../contracts/order.ts";
import { alpha2Country } from "../../../lib/addresses/country.ts";
import {
	needsPostalCode,
	postalCode,
	postalCodeRule,
	tidied
} from "../../../lib/addresses/postal-code.ts";
import { subdivisionCode, subdivisionRule } from "../../../lib/addresses/subdivision.ts";
import { fail, type ValidationIssue } from "../../../lib/errors.ts";
import type { Params } from "../../../lib/service.ts";
import { regionsOf, type PricingTable } from "./order.pricing.ts";

type AddressInput = Params<typeof order.actions.place>["shipping_address"];

/** Where the price depends on the state, its code; elsewhere what was written, or null. */
function stateOf(state: string | undefined, country: string, table: PricingTable) {
	const regions = regionsOf(table, country);
	const written = tidied(state ?? "");
	if (regions.size === 0) return written || null;
	const rule = subdivisionRule(country);
	if (!written) return issue("state", "required", `is required: ${rule}`);
	const code = subdivisionCode(country, written, regions);
	return code ?? issue("state", "unknown-state", `must be ${rule}`);
}

/** The code in the form of its country, or null in a country that does not need one. */
function zipOf(zip: string | undefined, country: string) {
	const written = tidied(zip ?? "");
	const rule = postalCodeRule(country);
	if (!written && !needsPostalCode(country)) return null;
	if (!written) return issue("zip", "required", `is required: ${rule}`);
	return postalCode(country, written) ?? issue("zip", "postal-code", `must be ${rule}`);
}

const issue = (member: string, code: string, detail: string): ValidationIssue => ({
	pointer: `/shipping_address/${member}`,
	code,
	detail
});

const isIssue = (value: string | null | ValidationIssue): value is ValidationIssue =>
	typeof value === "object" && value !== null;

/** Of a request for an order: USA and US are one country, whichever of them a repetition has. */
export function withAlpha2Country(params: Record<string, unknown>): Record<string, unknown> {
	const { country, ...address } = params.shipping_address as AddressInput;
	return { ...params, shipping_address: { ...address, country: alpha2Country(country) } };
}

/**
 * The address as it is stored and priced. A place has one spelling wherever the price depends on it.
 * @throws VALIDATION_FAILED naming the state, the postal code, or both
 */
export function toAddress(input: AddressInput, table: PricingTable): Address {
	const { name, company, street, line2, city, phone } = input;
	const country = alpha2Country(input.country)!;
	const [state, zip] = [stateOf(input.state, country, table), zipOf(input.zip, country)];
	if (isIssue(state) || isIssue(zip))
		return fail("VALIDATION_FAILED", undefined, [state, zip].filter(isIssue));
	return {
		...(name !== undefined && { name }),
		...(company !== undefined && { company }),
		street,
		...(line2 !== undefined && { line2 }),
		city,
		state,
		zip,
		country,
		...(phone !== undefined && { phone })
	};
}
