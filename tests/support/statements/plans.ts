import { readFileSync } from "node:fs";
import type pg from "pg";
import { withClient } from "../../../db/client.ts";
import { schemas, sharedSchemas } from "../../../db/database.ts";
import { addFirstPages } from "./first-pages.ts";
import type { RecordedStatement, RecordedUse } from "./record-statements.ts";

/** A node of `explain (format json)`. */
export interface PlanNode {
	"Node Type": string;
	"Relation Name"?: string;
	"Index Name"?: string;
	"Index Cond"?: string;
	Filter?: string;
	Plans?: PlanNode[];
}

/** Statistics of every table: those of one that was never analyzed, or a million rows. */
export type Fill = "empty" | "filled";

const names = [...Object.values(schemas), ...Object.values(sharedSchemas)];
const tables = `pg_class c join pg_namespace n on n.oid = relnamespace
	where relkind = 'r' and nspname = any (array[${names.map(name => `'${name}'`).join(", ")}])`;
const fills: Record<Fill, string> = {
	empty: `select pg_clear_relation_stats(nspname::text, relname::text) from ${tables}`,
	filled: `select pg_restore_relation_stats('schemaname', nspname::text, 'relname', relname::text,
		'relpages', greatest(1, pg_relation_size(c.oid) / 8192)::int, 'reltuples', 1e6::real) from ${tables}`
};

export const recorded = (file: string) => JSON.parse(readFileSync(file, "utf8")) as RecordedUse;

export async function tableNames(client: pg.Client): Promise<string[]> {
	const { rows } = await client.query<{ name: string }>(
		`select format('%I.%I', nspname, relname) as name from ${tables}`
	);
	return rows.map(({ name }) => name);
}

/** Others are planned at each run, by the values that they ask for. */
export const isPrepared = ({ name, text }: RecordedStatement) =>
	name !== undefined && /^\s*(select|with|insert|update|delete)\b/i.test(text);

/** What was found out of the values in columns, which depends on when the server last looked. */
const forgetValues = `delete from pg_statistic where starelid in (select c.oid from ${tables})`;

/** All nodes of a plan, with whether a `limit` ends them early. */
function nodesOf(plan: PlanNode, isLimited = false): [PlanNode, boolean][] {
	const inner = plan["Node Type"] === "Limit" || (isLimited && plan["Node Type"] !== "Aggregate");
	return [[plan, isLimited], ...(plan.Plans ?? []).flatMap(child => nodesOf(child, inner))];
}

/** With a parameter: one with a literal may be the condition of a partial index. */
const comparison = / [<=>]+ (\$|ANY)/;

/**
 * Drops what the index finds until enough of it has a value, or a time. The condition of the index may have values
 * too: orders with a status are far more than those of the user that the filter wants.
 */
const seeks = ({ Filter: filter = "" }: PlanNode) => comparison.test(filter);

/** `<table or index>: <reason>` of a node that may read all rows of a table, undefined for any other one. */
function scan([node, isLimited]: [PlanNode, boolean]): string | undefined {
	if (node["Node Type"] === "Seq Scan") return `${node["Relation Name"]}: reads the table`;
	if (!node["Node Type"].includes("Index")) return undefined;
	const isCut = node["Index Cond"] || (isLimited && !node.Filter);
	if (isCut && !(isLimited && seeks(node))) return undefined;
	return `${node["Index Name"]}: reads the index`;
}

/** Gives all tables these statistics, and none of the values in their columns. */
export async function pretendFill(client: pg.Client, fill: Fill): Promise<void> {
	await client.query(forgetValues);
	if (fill === "filled") await addFirstPages(client, names);
	await client.query(fills[fill]);
	await client.query("set enable_seqscan = off");
}

/** The scans in a plan, as `<table or index>: <reason>`. */
export const scansIn = (plan: PlanNode) => nodesOf(plan).flatMap(node => scan(node) ?? []);

/**
 * The scans in the plans of these prepared statements, as `<name>: <scan>`. They are planned generically, with
 * the settings of their sessions.
 */
export async function scansOf(
	url: string,
	statements: readonly RecordedStatement[],
	fill: Fill
): Promise<string[]> {
	return withClient(url, async client => {
		await pretendFill(client, fill);
		const found = new Set<string>();
		for (const { name, text } of statements) {
			const { rows } = await client.query(`explain (generic_plan, format json) ${text}`);
			const [{ Plan: plan }] = rows[0]["QUERY PLAN"] as [{ Plan: PlanNode }];
			for (const one of scansIn(plan)) found.add(`${name}: ${one}`);
		}
		return [...found].toSorted();
	});
}
