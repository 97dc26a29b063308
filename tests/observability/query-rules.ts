import type { Exposed } from "./exposed-metrics.ts";
import { valueFaults } from "./label-values.ts";
import { parseQuery } from "./promql.ts";

/** What is wrong with a query: that it cannot be parsed, names a metric, a label or a value that is not there, or rates a gauge. */
export function queryFaults(expr: string, exposed: Exposed): string[] {
	const { errors, selectors, groupedBy } = parseQuery(expr);
	const known = new Set(
		selectors.flatMap(({ metric }) => [...(exposed.get(metric)?.labels ?? [])])
	);
	return [
		...errors,
		...selectors.flatMap(({ metric, matchers, isRated }) => {
			const own = exposed.get(metric);
			if (!own) return [`no node exposes ${metric}`];
			return [
				...(isRated && !own.isCounter ? [`${metric} is no counter, so it has no rate`] : []),
				...matchers.flatMap(matcher =>
					own.labels.has(matcher.label)
						? valueFaults(metric, matcher)
						: [`${metric} has no label ${matcher.label}`]
				)
			];
		}),
		...groupedBy
			.filter(label => !known.has(label))
			.map(label => `no metric of the query has the label ${label}`)
	];
}
