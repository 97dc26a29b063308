import { invalid } from "./errors.ts";

/** The years that Postgres and we parse alike. */
const [earliest, latest] = [
	Date.parse("0001-01-01T00:00:00.000Z"),
	Date.parse("9999-12-31T23:59:59.999Z")
] as const;

const leapSecond = /(T\d\d:\d\d):60/i;

/**
 * An RFC 3339 time without a leap second, which a JavaScript date cannot represent: it is the second after it, as in
 * POSIX time. Other times are returned as they are.
 */
export function withoutLeapSecond(time: string): string {
	if (!leapSecond.test(time)) return time;
	return new Date(Date.parse(time.replace(leapSecond, "$1:59")) + 1000).toISOString();
}

/**
 * Normalises an RFC 3339 time to UTC in milliseconds. RFC 3339 allows more than Postgres parses: offsets
 * beyond 15:59, and with them the years 0 and 10000.
 * @throws VALIDATION_FAILED for a leap second, which a JavaScript date cannot represent
 */
export function instantOf(text: string, pointer: string): string {
	const time = Date.parse(text);
	if (Number.isNaN(time)) invalid(pointer, "format", "must be an instant");
	return new Date(Math.min(Math.max(time, earliest), latest)).toISOString();
}
