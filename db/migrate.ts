import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type pg from "pg";
import { sqlState } from "../lib/database-error.ts";
import { newClient } from "./client.ts";
import { roleOf, rolePassword, schemas, sharedSchemas } from "./database.ts";

type ServiceName = keyof typeof schemas;
type Owner = ServiceName | keyof typeof sharedSchemas;

export interface Migration {
	/** The service, or the shared schema. */
	service: Owner;
	/** `0001_orders.sql`: numbered, never changed after release. */
	file: string;
	sql: string;
}

/** An arbitrary fixed number: every migrator of this product waits for the same advisory lock. */
const lockKey = 0x5309;
const root = join(import.meta.dirname, "..");

const schemaOf = (owner: Owner) => ({ ...sharedSchemas, ...schemas })[owner];

function folderOf(owner: Owner): string {
	if (owner === "stream") return "streams";
	return owner in sharedSchemas ? owner : `services/${owner}`;
}

/** All migrations on disk: those of shared schemas, then by service, then by number. */
export async function migrations(): Promise<Migration[]> {
	const found: Migration[] = [];
	for (const service of Object.keys({ ...sharedSchemas, ...schemas }) as Owner[]) {
		const folder = join(root, folderOf(service), "migrations");
		for (const file of (await readdir(folder)).filter(name => name.endsWith(".sql")).sort())
			found.push({ service, file, sql: await readFile(join(folder, file), "utf8") });
	}
	return found;
}

async function ensureRole(
	client: pg.Client,
	ownerUrl: string,
	service: ServiceName
): Promise<void> {
	const role = roleOf(service);
	const password = client.escapeLiteral(rolePassword(ownerUrl, role));
	const { rowCount } = await client.query("select 1 from pg_roles where rolname = $1", [role]);
	// Roles belong to the whole server, so another database's migrator may create it first.
	if (rowCount === 0)
		await client.query(`create role ${role} login password ${password}`).catch(error => {
			if (!["42710", "23505"].includes(sqlState(error) ?? "")) throw error;
		});
	const { rows } = await client.query<{ name: string }>("select current_database() as name");
	const database = client.escapeIdentifier(rows[0]!.name);
	await client.query(`grant connect on database ${database} to ${role}`);
}

/** A service may use only its own schema; its migrations grant rights on each table. */
async function ensureSchema(client: pg.Client, service: ServiceName): Promise<void> {
	const schema = schemas[service];
	await client.query(`create schema if not exists ${schema}`);
	await client.query(`grant usage on schema ${schema} to ${roleOf(service)}`);
}

async function apply(client: pg.Client, { service, file, sql }: Migration): Promise<boolean> {
	const { rowCount } = await client.query(
		"insert into public.migration (service, file) values ($1, $2) on conflict do nothing",
		[service, file]
	);
	if (rowCount === 0) return false;
	await client.query(`set local search_path to ${schemaOf(service)}`);
	await client.query(sql);
	await client.query("set local search_path to default");
	return true;
}

/**
 * Migrates a database to the current schema, under an advisory lock and in one transaction: completely or
 * not at all. Returns the names of the migrations it ran.
 * @param given instead of those on disk
 * @throws Postgres' error, with the file in the message
 */
export async function migrate(ownerUrl: string, given?: Migration[]): Promise<string[]> {
	const client = newClient({ connectionString: ownerUrl, application_name: "shop migrate" });
	await client.connect();
	const done: string[] = [];
	try {
		await client.query("select pg_advisory_lock($1)", [lockKey]);
		for (const service of Object.keys(schemas) as ServiceName[])
			await ensureRole(client, ownerUrl, service);
		await client.query("begin");
		await client.query(
			"create table if not exists public.migration (service text, file text, at timestamptz not null default now(), primary key (service, file))"
		);
		for (const service of Object.keys(schemas) as ServiceName[])
			await ensureSchema(client, service);
		for (const schema of Object.values(sharedSchemas))
			await client.query(`create schema if not exists ${schema}`);
		for (const migration of given ?? (await migrations())) {
			const name = `${migration.service}/${migration.file}`;
			try {
				if (await apply(client, migration)) done.push(name);
			} catch (error) {
				throw new Error(`migration ${name}: ${(error as Error).message}`, { cause: error });
			}
		}
		await client.query("commit");
		return done;
	} finally {
		await client.end();
	}
}
