import pg from "pg";
import { withClient } from "../../../db/client.ts";

/** A node of `explain (analyze, format json)`. */
interface PlanNode {
	"Relation Name"?: string;
	"Index Name"?: string;
	"Actual Rows": number;
	"Actual Loops": number;
	"Rows Removed by Filter"?: number;
	"Rows Removed by Index Recheck"?: number;
	Plans?: PlanNode[];
}

const literals = /'(?:[^']|'')*'/g;

/** A select of a model; one with parameters, as their updates are, has none of its values in its text. */
const isSelect = (text: string) =>
	/^\s*(select|with)\b/i.test(text) && !/\$\d/.test(text.replaceAll(literals, ""));

/** Rows that a node took from its table or index, with those that it dropped. */
function rowsOf(node: PlanNode): number {
	const dropped =
		(node["Rows Removed by Filter"] ?? 0) + (node["Rows Removed by Index Recheck"] ?? 0);
	return (node["Actual Rows"] + dropped) * node["Actual Loops"];
}

const nodesOf = (plan: PlanNode): PlanNode[] => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];

/**
 * Runs selects that have their values in their text, and returns where one took more than `most` rows from a table or an
 * index, as `<table or index>: <rows> rows: <statement>`. They are planned by the values and by what the tables contain,
 * so fill the tables before.
 */
export function largeReads(url: string, texts: readonly string[], most: number): Promise<string[]> {
	return withClient(url, async client => {
		const found: string[] = [];
		for (const text of texts.filter(isSelect)) {
			const { rows } = await client.query(`explain (analyze, format json) ${text}`);
			const [{ Plan: plan }] = rows[0]["QUERY PLAN"] as [{ Plan: PlanNode }];
			for (const node of nodesOf(plan)) {
				const name = node["Index Name"] ?? node["Relation Name"];
				if (name && rowsOf(node) > most) found.push(`${name}: ${rowsOf(node)} rows: ${text}`);
			}
		}
		return found;
	});
}

/** The texts that `work` sends without a name, as models do, from this process. */
export async function unnamedStatements(work: () => Promise<unknown>): Promise<string[]> {
	const spy = jest.spyOn(pg.Client.prototype, "query");
	try {
		await work();
		const given = spy.mock.calls.map(([config]) => config as unknown);
		return given.flatMap(config => {
			const { name, text } =
				typeof config === "string" ? { name: undefined, text: config } : (config as pg.QueryConfig);
			return name === undefined && typeof text === "string" ? [text] : [];
		});
	} finally {
		spy.mockRestore();
	}
}
