import { fail } from "./errors.ts";

/** The years that Postgres reads as we write them; a year more or less changes no answer. */
const [earliest, latest] = [
	Date.parse("0001-01-01T00:00:00.000Z"),
	Date.parse("9999-12-31T23:59:59.999Z")
] as const;

/**
 * An RFC 3339 instant as everything behind the edge takes it: UTC, in milliseconds. RFC 3339 lets more
 * through than Postgres reads: offsets beyond 15:59, and with them the years 0 and 10000.
 * @throws VALIDATION_FAILED for a leap second: a JavaScript date has none
 */
export function instantOf(text: string, pointer: string): string {
	const time = Date.parse(text);
	if (Number.isNaN(time))
		fail("VALIDATION_FAILED", undefined, [
			{ pointer, code: "format", detail: "must be an instant" }
		]);
	return new Date(Math.min(Math.max(time, earliest), latest)).toISOString();
}
