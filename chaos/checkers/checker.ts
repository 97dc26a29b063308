import type { Evidence } from "../evidence/evidence.ts";

export interface Violation {
	what: string;
	/** Whose history is worth reading. */
	order_id?: string;
}

/** One promise, held against what happened. Pure. */
export interface Checker<E = Evidence> {
	/** As in docs/promises.md: `P1`. */
	promise: string;
	title: string;
	/** How many things were looked at, in words. */
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
