import countries from "i18n-iso-countries";

/** ISO 3166-1 alpha-2 for an alpha-2 or alpha-3 code in any case; undefined when there is none. */
export function alpha2Country(code: string): string | undefined {
	// Some other letters have ASCII letters as their capitals: ß is SS, South Sudan.
	if (!/^[a-z]{2,3}$/i.test(code)) return undefined;
	const upper = code.toUpperCase();
	if (upper.length === 3) return countries.alpha3ToAlpha2(upper);
	return countries.isValid(upper) ? upper : undefined;
}

const names = new Intl.DisplayNames("en", { type: "region" });

/** The English name of an alpha-2 country, for sentences. */
export const countryName = (country: string) => names.of(country) ?? country;
