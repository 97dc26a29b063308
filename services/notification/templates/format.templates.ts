import type { Money } from "../../../lib/money.ts";

/** Formats of a language for amounts, counts and times. */

const numbers = new Map<string, Intl.NumberFormat>();
const times = new Map<string, Intl.DateTimeFormat>();

/** Formats are cached, because creating one takes a hundred times longer than using it. */
function cached<V>(made: Map<string, V>, key: string, make: () => V): V {
	const value = made.get(key) ?? make();
	made.set(key, value);
	return value;
}

/** Exact at any size: Intl is given the digits, not a float. */
export function money({ amount, currency }: Money, language: string): string {
	const format = cached(
		numbers,
		`${language} ${currency}`,
		() => new Intl.NumberFormat(language, { style: "currency", currency })
	);
	const decimals = format.resolvedOptions().maximumFractionDigits!;
	const digits = String(amount).padStart(decimals + 1, "0");
	const point = digits.length - decimals;
	return format.format(`${digits.slice(0, point)}.${digits.slice(point) || "0"}` as `${number}`);
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
