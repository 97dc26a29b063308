import { countryName } from "./country.ts";
import { postalData, type PostalData } from "./postal-data.ts";

/** Hyphens and dashes of all keyboards. */
const dashes = /[\p{Pd}\u2212]/gu;

const examplesOf = ({ zipex = "" }: PostalData) => zipex.split(",").filter(Boolean);

const withoutSeparators = (code: string) => code.replace(/[\s-]/g, "");

/** With blanks and hyphens where the examples of its length have them. */
function inFormOf(examples: readonly string[], compact: string): string[] {
	return examples
		.filter(example => /[ -]/.test(example))
		.filter(example => withoutSeparators(example).length === compact.length)
		.map(example => {
			let at = 0;
			return example.replace(/[^ -]/g, () => compact[at++]!);
		});
}

/** Ways to write the code, the customary one first, without and with what letters from abroad have before it. */
function formsOf(written: string, country: string, data: PostalData): string[] {
	const examples = examplesOf(data);
	const compact = withoutSeparators(written);
	const prefixes = [withoutSeparators(data.postprefix ?? country), "〒"];
	const bare = prefixes
		.filter(prefix => compact.startsWith(prefix))
		.map(p => compact.slice(p.length));
	const prefixed = withoutSeparators(data.postprefix ?? country) + compact;
	const inForm = (code: string) => [...inFormOf(examples, code), code];
	return [...inFormOf(examples, compact), written, compact, ...[...bare, prefixed].flatMap(inForm)];
}

/** A text from a form: without blanks at its ends, in one Unicode form, without invisible characters. */
export const tidied = (text: string) =>
	text
		.normalize("NFKC")
		.replace(/\p{Cf}/gu, "")
		.trim()
		.replace(/\s+/g, " ");

/**
 * A postal code as it is written in the country, from any case, width, and placing of blanks and hyphens. Undefined
 * when it is none of the country. In a country without postal codes every text stays as it is.
 */
export function postalCode(country: string, text: string): string | undefined {
	const written = tidied(text).toUpperCase().replace(dashes, "-");
	const data = postalData(country);
	if (!data.zip) return tidied(text);
	const pattern = new RegExp(`^(?:${data.zip})$`);
	return formsOf(written, country, data).find(form => pattern.test(form));
}

/** Whether letters in this country need a postal code. */
export const needsPostalCode = (country: string) =>
	Boolean(postalData(country).zip && postalData(country).require?.includes("Z"));

/** Completes "must be": `a postal code of this country (Germany), like 26133`. */
export function postalCodeRule(country: string): string {
	const example = examplesOf(postalData(country))[0];
	return `a postal code of this country (${countryName(country)})${example ? `, like ${example}` : ""}`;
}
