import { iso31662 } from "iso-3166";
import { countryName } from "./country.ts";
import { postalData } from "./postal-data.ts";

/** States, provinces, prefectures, … of a country: ISO 3166-2. Codes are without the country: `CA`. */
interface Subdivisions {
	/** The code of the one that it is a part of, if it is. */
	parents: ReadonlyMap<string, string | undefined>;
	/** Codes by folded code and name; some have one name. */
	spellings: ReadonlyMap<string, readonly string[]>;
	/** A code and its name. */
	example: readonly [string, string] | undefined;
}

/** Equal for spellings that differ in case, accents, width, blanks and punctuation. */
const folded = (text: string) =>
	text
		.toLowerCase()
		.normalize("NFKD")
		.replaceAll("&", "and")
		.replace(/[\u0300-\u036f]|[^\p{L}\p{N}\p{M}]/gu, "");

/** ISO writes "Illes Balears [Islas Baleares]" and "Madrid, Comunidad de". */
function variants(name: string): string[] {
	const parts = [name, ...name.split(/[[\]()]/)];
	return parts.flatMap(part => [part, part.split(", ").toReversed().join(" ")]).filter(folded);
}

/** A code of the post that is none of ISO: AA, AE and AP for the armed forces of the US. */
const ownCode = (key: string) => (/^[A-Z]{2,3}$/.test(key) ? [key] : []);

const isoOf = (country: string) => iso31662.filter(({ code }) => code.startsWith(`${country}-`));

function read(country: string): Subdivisions {
	const suffix = (code: string) => code.slice(country.length + 1);
	const iso = isoOf(country);
	const spellings = new Map<string, string[]>();
	const add = (spelling: string, code: string) => {
		const key = folded(spelling);
		const known = spellings.get(key) ?? [];
		if (key && !known.includes(code)) spellings.set(key, [...known, code]);
	};
	for (const { code } of iso) [code, suffix(code)].forEach(text => add(text, suffix(code)));
	const codes = new Set(spellings.keys());
	const addName = (name: string, code: string) => {
		if (!codes.has(folded(name))) add(name, code);
	};
	for (const { code, name } of iso)
		variants(name).forEach(variant => addName(variant, suffix(code)));
	for (const { key, name = {} } of postalData(country).sub_regions ?? []) {
		const names = [...Object.values(name), key].flatMap(variants);
		// Names come first, because some keys are the codes of other lists.
		const same = Object.values(name)
			.map(folded)
			.find(known => spellings.has(known));
		const found = spellings.get(same ?? folded(key)) ?? ownCode(key);
		for (const code of found) names.forEach(variant => addName(variant, code));
	}
	const parents = iso.map(
		({ code, parent }) => [suffix(code), suffix(parent) || undefined] as const
	);
	const [first] = iso;
	return {
		parents: new Map(parents),
		spellings,
		example: first && [suffix(first.code), first.name]
	};
}

const known = new Map<string, Subdivisions>();

function subdivisionsOf(country: string): Subdivisions {
	let found = known.get(country);
	if (!found) known.set(country, (found = read(country)));
	return found;
}

/**
 * The ISO 3166-2 code, without the country, of a code or a name in any case; undefined when it is none of the country.
 * @param country alpha-2
 * @param preferred codes: one of these is the result where it, or a part of it, is meant
 */
export function subdivisionCode(
	country: string,
	text: string,
	preferred: ReadonlySet<string> = new Set()
): string | undefined {
	const { spellings, parents } = subdivisionsOf(country);
	const codes = spellings.get(folded(text)) ?? [];
	const within = codes.flatMap(code => {
		const chain: string[] = [];
		for (let at: string | undefined = code; at; at = parents.get(at)) chain.push(at);
		return chain;
	});
	return within.find(code => preferred.has(code)) ?? codes[0];
}

/** Completes "must be": `a state, … of this country (Canada), by its code or name, like AB or Alberta`. */
export function subdivisionRule(country: string): string {
	const { example } = subdivisionsOf(country);
	const like = example ? `, by its code or name, like ${example.join(" or ")}` : "";
	return `a state, province or region of this country (${countryName(country)})${like}`;
}
