import { parser } from "@prometheus-io/lezer-promql";

/** `label op "value"`; the operator is `=`, `!=`, `=~` or `!~`. */
export interface Matcher {
	label: string;
	op: string;
	value: string;
}

/** A metric that a query reads, and the labels by which it selects. */
export interface Selector {
	metric: string;
	matchers: Matcher[];
	/** Whether it is in `rate`, `irate` or `increase`, which are of what only grows. */
	isRated: boolean;
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
	let rates = 0;
	const isRate = (name: string, text: string) =>
		name === "FunctionCall" && /^(i?rate|increase)\b/.test(text);
	parser.parse(expr).iterate({
		enter({ name, type, from, to }) {
			const text = expr.slice(from, to);
			if (type.isError) parsed.errors.push(`cannot be parsed at column ${from + 1}`);
			else if (name === "VectorSelector")
				parsed.selectors.push({ metric: "", matchers: [], isRated: rates > 0 });
			else if (isRate(name, text)) rates++;
			else if (name === "Identifier" && parsed.selectors.length > 0)
				parsed.selectors.at(-1)!.metric ||= text;
			else if (name === "GroupingLabels") isGrouping = true;
			else if (name === "LabelName")
				if (isGrouping) parsed.groupedBy.push(text);
				else parsed.selectors.at(-1)?.matchers.push({ label: text, op: "", value: "" });
			else if (name === "MatchOp") parsed.selectors.at(-1)!.matchers.at(-1)!.op = text;
			else if (name === "StringLiteral" && parsed.selectors.at(-1)?.matchers.at(-1)?.value === "")
				parsed.selectors.at(-1)!.matchers.at(-1)!.value = text.slice(1, -1);
		},
		leave({ name, from, to }) {
			if (name === "GroupingLabels") isGrouping = false;
			else if (isRate(name, expr.slice(from, to))) rates--;
		}
	});
	return parsed;
}
