import type pg from "pg";
import { withClient } from "../../../db/client.ts";
import { schemas, sharedSchemas } from "../../../db/database.ts";
import { pretendFill, scansIn, type Fill, type PlanNode } from "./plans.ts";

/** Functions that the planner cannot make a part of the statement that calls them. */
const functions = `
	select format('%s.%s', nspname, proname) as name from pg_proc p join pg_namespace n on n.oid = pronamespace
	where nspname = any ($1) and prosqlbody is null order by 1`;

export const functionsOf = (url: string): Promise<string[]> =>
	withClient(url, async client => {
		const own = [...Object.values(schemas), ...Object.values(sharedSchemas)];
		const { rows } = await client.query<{ name: string }>(functions, [own]);
		return rows.map(({ name }) => name);
	});

/** Makes the server send the plan of each statement of this session, and of statements inside functions. */
const explainAll = `
	load 'auto_explain';
	set auto_explain.log_min_duration = 0;
	set auto_explain.log_nested_statements = on;
	set auto_explain.log_format = 'json';
	set client_min_messages = 'log';
	set plan_cache_mode = 'force_generic_plan'`;

interface Explained {
	"Query Text": string;
	Plan: PlanNode;
}

/** The statements that ran inside functions while `statement` ran. It is rolled back. */
async function nestedIn(client: pg.Client, statement: string): Promise<Explained[]> {
	const found: Explained[] = [];
	const collect = ({ message = "" }: { message?: string }) => {
		const [, json] = message.split("plan:\n");
		if (json !== undefined) found.push(JSON.parse(json) as Explained);
	};
	await client.query("begin");
	client.on("notice", collect);
	await client.query(statement);
	client.off("notice", collect);
	await client.query("rollback");
	return found.filter(one => one["Query Text"] !== statement);
}

/** Of each function the scans in its statements; a function of which no statement ran is named as one that did not. */
export const functionScans = (url: string, calls: Readonly<Record<string, string>>, fill: Fill) =>
	withClient(url, async client => {
		await pretendFill(client, fill);
		await client.query(explainAll);
		const found: string[] = [];
		for (const [name, statement] of Object.entries(calls)) {
			const plans = await nestedIn(client, statement);
			if (plans.length === 0) found.push(`${name}: did not run`);
			for (const { Plan } of plans) found.push(...scansIn(Plan).map(one => `${name}: ${one}`));
		}
		return found;
	});
