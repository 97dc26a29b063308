export interface Percentiles {
	p50: number;
	p99: number;
	count: number;
}

/** Nearest rank, rounded to a tenth. @throws RangeError for an empty list */
export function percentilesOf(values: readonly number[]): Percentiles {
	if (values.length === 0) throw new RangeError("there are no values to take percentiles of");
	const sorted = values.toSorted((a, b) => a - b);
	const at = (share: number) =>
		Math.round(sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]! * 10) / 10;
	return { p50: at(0.5), p99: at(0.99), count: sorted.length };
}
