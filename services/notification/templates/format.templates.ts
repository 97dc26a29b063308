import { decimalsOf, toDecimal } from "../../../lib/currency/iso4217.ts";
import type { Money } from "../../../lib/money.ts";

/** Formats of amounts, counts and times in a language, of text and of URLs. */

const numbers = new Map<string, Intl.NumberFormat>();
const times = new Map<string, Intl.DateTimeFormat>();

/** Formats are cached, because creating one takes a hundred times longer than using it. */
function cached<V>(made: Map<string, V>, key: string, make: () => V): V {
	const value = made.get(key) ?? make();
	made.set(key, value);
	return value;
}

/** Exact at any size, because Intl is given the digits, not a float; with the decimals of ISO 4217, not of Intl. */
export function money({ amount, currency }: Money, language: string): string {
	const decimals = decimalsOf(currency);
	const digits = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
	const format = cached(
		numbers,
		`${language} ${currency}`,
		() => new Intl.NumberFormat(language, { style: "currency", currency, ...digits })
	);
	return format.format(toDecimal(amount, decimals) as `${number}`);
}

export function count(value: number, language: string): string {
	return cached(numbers, language, () => new Intl.NumberFormat(language)).format(value);
}

const day = { year: "numeric", month: "long", day: "numeric" } as const;
const time = {
	hour: "2-digit",
	minute: "2-digit",
	timeZone: "UTC",
	timeZoneName: "short"
} as const;

/** In UTC, with the time zone: the recipient's is unknown. */
export function instant(at: Date, language: string): string {
	const make = () => new Intl.DateTimeFormat(language, { ...day, ...time });
	return cached(times, language, make).format(at);
}

/** A line of text without line breaks or bidi controls (Unicode TR 9). */
export function line(text: string): string {
	return text.replace(/[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]+/gu, " ").trim();
}

/**
 * Scheme, host and path of a URL: its query, fragment and credentials may be secret. Empty for anything that is no
 * URL of HTTP.
 */
export function publicUrl(url: string): string {
	const parsed = URL.parse(url);
	return parsed && /^https?:$/.test(parsed.protocol) ? parsed.origin + parsed.pathname : "";
}
