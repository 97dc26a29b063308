import { parseLined, type Path } from "../deployment/yaml-lines.ts";
import type { Exposed } from "./exposed-metrics.ts";
import { queryFaults } from "./query-rules.ts";

export interface Rule {
	alert?: string;
	record?: string;
	expr: string;
	for?: string;
	labels?: Record<string, string>;
	annotations?: Record<string, string>;
}

export interface RuleFile {
	groups: { name: string; rules: Rule[] }[];
}

const severities = ["critical", "warning"];

/** The headings of docs/observability.md, as its links name them. */
export const anchorsOf = (page: string): Set<string> =>
	new Set(Array.from(page.matchAll(/^#+ (.+)$/gm), ([, title]) => title!.toLowerCase()));

function alertFaults(rule: Rule, anchors: ReadonlySet<string>): [key: string, text: string][] {
	const { labels = {}, annotations = {} } = rule;
	const [page, anchor = ""] = (annotations.runbook ?? "").split("#");
	const isRunbook = page === "docs/observability.md" && anchors.has(anchor);
	return [
		...(rule.for ? [] : [["alert", "has no time for which it must hold"] as [string, string]]),
		...(severities.includes(labels.severity!)
			? []
			: [
					["labels", `has the severity ${labels.severity}, not ${severities.join(" or ")}`] as [
						string,
						string
					]
				]),
		...(annotations.summary ? [] : [["annotations", "has no summary"] as [string, string]]),
		...(isRunbook
			? []
			: [
					["annotations", "names no heading of docs/observability.md as its runbook"] as [
						string,
						string
					]
				])
	];
}

/** Names that a rule file records, each with its labels: those by which its query groups. */
export const recorded = (texts: readonly string[]): string[] =>
	texts
		.flatMap(text => parseLined<RuleFile>(text).value.groups.flatMap(({ rules }) => rules))
		.flatMap(({ record }) => record ?? []);

/**
 * What is wrong with a rule file, one line each that begins with the file and the line.
 * @param exposed with the names that other rules record
 */
export function ruleFaults(
	path: string,
	text: string,
	exposed: Exposed,
	anchors: ReadonlySet<string>
): string[] {
	const { value, lineOf } = parseLined<RuleFile>(text);
	const names = new Set<string>();
	return value.groups.flatMap(({ rules }, group) =>
		rules.flatMap((rule, index) => {
			const at = (key: string): Path => ["groups", group, "rules", index, key];
			const name = (rule.alert ?? rule.record)!;
			const faults: [string, string][] = [
				...queryFaults(rule.expr, exposed).map(fault => ["expr", fault] as [string, string]),
				...(rule.alert ? alertFaults(rule, anchors) : []),
				...(rule.record && !/^\w+:\w+:\w+$/.test(rule.record)
					? [["record", "is not named level:metric:operation"] as [string, string]]
					: []),
				...(names.has(name)
					? [[rule.alert ? "alert" : "record", "is there twice"] as [string, string]]
					: [])
			];
			names.add(name);
			return faults.map(([key, fault]) => `${path}:${lineOf(at(key))}: ${name} ${fault}`);
		})
	);
}
