import { invalid } from "../../../lib/errors.ts";
import { instantOf } from "../../../lib/instant.ts";

/** Windows that begin at `from` or later, and before `to`. Milliseconds since the epoch. */
export interface Range {
	from: number;
	to: number;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const longestMs = 7 * dayMs;

/** The last hour by default. @throws VALIDATION_FAILED */
export function rangeOf(given: { from?: string; to?: string }, now: number): Range {
	const instant = (name: "from" | "to") =>
		given[name] === undefined ? undefined : Date.parse(instantOf(given[name], `/${name}`));
	const to = instant("to") ?? now;
	const from = instant("from") ?? to - hourMs;
	if (to > now + dayMs) invalid("/to", "maximum", "must be at most a day ahead");
	if (from > to) invalid("/from", "maximum", "must not be after to");
	if (to - from > longestMs) invalid("/from", "range", "must be at most 7 days before to");
	return { from, to };
}
