import type { Evidence } from "../evidence/evidence.ts";

export interface Violation {
	what: string;
	/** The order to print the history of. */
	order_id?: string;
}

/** One promise, compared with what happened. Pure. */
export interface Checker<E = Evidence> {
	/** As in docs/promises.md: `P1`. */
	promise: string;
	title: string;
	/** How many things were checked, as text. */
	examined(evidence: E): string;
	violations(evidence: E): Violation[];
}

/** Groups by a key; entries keep their order. */
export function grouped<V>(values: Iterable<V>, key: (value: V) => string): Map<string, V[]> {
	const groups = new Map<string, V[]>();
	for (const value of values) {
		const group = groups.get(key(value));
		if (group) group.push(value);
		else groups.set(key(value), [value]);
	}
	return groups;
}
