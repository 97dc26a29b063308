import { alpha2Country } from "../lib/addresses/country.ts";
import { subdivisionCode } from "../lib/addresses/subdivision.ts";
import { EnvironmentError } from "./environment-error.ts";

/** `US-CA` for `US-CA`, `US-ca` and `US-California`; undefined for what is no region of the world. */
function regionKey(key: string): string | undefined {
	if (key === "*") return key;
	const [country = "", ...rest] = key.split("-");
	if (!alpha2Country(country)) return undefined;
	if (rest.length === 0) return country;
	const code = subdivisionCode(country, rest.join("-"));
	return code && `${country}-${code}`;
}

/**
 * The table by ISO 3166 codes, by which orders look their region up.
 * @throws EnvironmentError for a region that no order could have, and for one that is listed twice
 */
export function byRegionCode<P>(table: Readonly<Record<string, P>>): Record<string, P> {
	const coded: Record<string, P> = {};
	for (const [key, price] of Object.entries(table)) {
		const code = regionKey(key);
		if (!code) throw new EnvironmentError([`PRICING_JSON: ${key} is no region of ISO 3166`]);
		if (code in coded) throw new EnvironmentError([`PRICING_JSON: ${code} is listed twice`]);
		coded[code] = price;
	}
	return coded;
}
