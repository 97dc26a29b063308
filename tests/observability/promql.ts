import { parser } from "@prometheus-io/lezer-promql";

/** A metric that a query reads, and the labels by which it selects. */
export interface Selector {
	metric: string;
	labels: string[];
}

export interface ParsedQuery {
	/** What cannot be parsed, with its column (from 1). */
	errors: string[];
	selectors: Selector[];
	/** Labels by which results are grouped or joined. */
	groupedBy: string[];
}

/** Parses PromQL with the grammar of Prometheus' own page. */
export function parseQuery(expr: string): ParsedQuery {
	const parsed: ParsedQuery = { errors: [], selectors: [], groupedBy: [] };
	let isGrouping = false;
	parser.parse(expr).iterate({
		enter({ name, type, from, to }) {
			const text = expr.slice(from, to);
			if (type.isError) parsed.errors.push(`cannot be parsed at column ${from + 1}`);
			else if (name === "VectorSelector") parsed.selectors.push({ metric: "", labels: [] });
			else if (name === "Identifier" && parsed.selectors.length > 0)
				parsed.selectors.at(-1)!.metric ||= text;
			else if (name === "GroupingLabels") isGrouping = true;
			else if (name === "LabelName")
				if (isGrouping) parsed.groupedBy.push(text);
				else parsed.selectors.at(-1)?.labels.push(text);
		},
		leave({ name }) {
			if (name === "GroupingLabels") isGrouping = false;
		}
	});
	return parsed;
}
