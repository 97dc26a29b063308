import type { Exposed } from "./exposed-metrics.ts";
import { parseQuery } from "./promql.ts";

/** What is wrong with a query: that it cannot be parsed, or names a metric or a label that is not there. */
export function queryFaults(expr: string, exposed: Exposed): string[] {
	const { errors, selectors, groupedBy } = parseQuery(expr);
	const known = new Set(selectors.flatMap(({ metric }) => [...(exposed.get(metric) ?? [])]));
	return [
		...errors,
		...selectors.flatMap(({ metric, labels }) => {
			const own = exposed.get(metric);
			if (!own) return [`no node exposes ${metric}`];
			return labels
				.filter(label => !own.has(label))
				.map(label => `${metric} has no label ${label}`);
		}),
		...groupedBy
			.filter(label => !known.has(label))
			.map(label => `no metric of the query has the label ${label}`)
	];
}
