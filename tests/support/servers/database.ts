import { randomBytes } from "node:crypto";
import pg from "pg";
import { Database, serviceUrl } from "../../../db/database.ts";
import { migrate } from "../../../db/migrate.ts";
import { seed } from "../../../db/seed.ts";

/**
 * Databases for tests. A migrated and seeded template is created once per run (tests/support/servers/global-setup.ts);
 * each test file clones it, which takes some 50 ms and shares nothing.
 */

function serverUrl(database: string): string {
	const url = new URL(process.env.TEST_DATABASE_URL ?? "");
	url.pathname = `/${database}`;
	return url.toString();
}

async function onServer(sql: string): Promise<void> {
	const client = new pg.Client({ connectionString: serverUrl("postgres") });
	await client.connect();
	try {
		await client.query(sql);
	} finally {
		await client.end();
	}
}

/** Removing a database writes a checkpoint, which takes about a second with fsync. */
export async function switchOffFsync(): Promise<void> {
	await onServer("alter system set fsync = off");
	await onServer("select pg_reload_conf()");
}

/** Creates the template and returns its name. */
export async function makeTemplate(): Promise<string> {
	const name = `template_${randomBytes(4).toString("hex")}`;
	await onServer(`create database ${name}`);
	await migrate(serverUrl(name));
	await seed(serverUrl(name));
	return name;
}

export interface TestDatabase {
	/** As the owner of everything. */
	url: string;
	/** One query as the owner. */
	rows<R extends pg.QueryResultRow>(sql: string, values?: unknown[]): Promise<R[]>;
	drop(): Promise<void>;
}

/**
 * A new database with all tables and the demo data.
 * @param template another one, e.g. Postgres' own empty `template1`
 */
export async function testDatabase(template = process.env.TEST_TEMPLATE): Promise<TestDatabase> {
	const name = `test_${randomBytes(6).toString("hex")}`;
	await onServer(`create database ${name} template ${template}`);
	const url = serverUrl(name);
	const pool = new pg.Pool({ connectionString: url, max: 2 });
	// `drop` cuts connections that are still closing, and an idle one that is cut emits an error.
	pool.on("error", () => undefined);
	return {
		url,
		rows: async (sql, values) => (await pool.query(sql, values)).rows,
		drop: async () => {
			await pool.end();
			await onServer(`drop database ${name} with (force)`);
		}
	};
}

export type ServiceName = Parameters<typeof serviceUrl>[1];

/** Connections as a service has them; without a service, as the owner of everything. */
export function connect({ url }: { url: string }, service?: ServiceName, pool = 4): Database {
	const own = service ? serviceUrl(url, service) : url;
	return new Database({ url: own, pool, durability: "prefix", name: `shop ${service ?? "test"}` });
}
