import { withClient } from "../../../db/client.ts";
import type { RecordedStatement } from "./record-statements.ts";
import { tableNames } from "./plans.ts";

/** The types of the columns that each statement answers, as Postgres sees them when it prepares it. */
async function resultTypes(
	url: string,
	statements: readonly RecordedStatement[]
): Promise<Map<string, string>> {
	return withClient(url, async client => {
		const found = new Map<string, string>();
		for (const { name, text } of statements) {
			await client.query(`prepare seen as ${text}`);
			const { rows } = await client.query(
				"select coalesce(result_types::text[], '{}')::text as types from pg_prepared_statements where name = 'seen'"
			);
			found.set(name!, rows[0].types as string);
			await client.query("deallocate seen");
		}
		return found;
	});
}

/**
 * Names of the statements whose result has other columns once every table has one more. A node that prepared one of
 * them before a migration is refused it from then on (0A000).
 */
export async function changedByNewColumns(
	url: string,
	statements: readonly RecordedStatement[]
): Promise<string[]> {
	const before = await resultTypes(url, statements);
	await withClient(url, async client => {
		for (const name of await tableNames(client))
			await client.query(`alter table ${name} add column added text`);
	});
	const after = await resultTypes(url, statements);
	return [...before.keys()].filter(name => before.get(name) !== after.get(name));
}
