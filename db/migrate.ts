import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type pg from "pg";
import { sqlState } from "../lib/database-error.ts";
import { poll } from "../lib/retry.ts";
import { migrationFolder, migrationNames, type Owner } from "./applied-migrations.ts";
import { newClient } from "./client.ts";
import { roleOf, rolePassword, schemas, sharedSchemas } from "./database.ts";
import { failedMigration } from "./migration-error.ts";
import { assertSound, isOutside } from "./migration-files.ts";
import {
	assertSameHistory,
	ensureRecordTable,
	fillChecksums,
	readRecords,
	record
} from "./migration-record.ts";
import { scramVerifier, setRolePasswords, type RoleUrls } from "./role-password.ts";
import { defaultWithinMs, giveWay, lockTimeoutMs, type GiveWayOptions } from "./give-way.ts";

type ServiceName = keyof typeof schemas;

export interface Migration {
	/** The service, or the shared schema. */
	service: Owner;
	/** `0001_orders.sql`: numbered, never changed after release. */
	file: string;
	sql: string;
}

/** An arbitrary fixed number: every migrator of this product waits for the same advisory lock. */
const lockKey = 0x5309;
const lockPollMs = 500;

/** Longest time of one statement of a migration, in ms. */
const statementWithinMs = 3_600_000;

const concurrentIndex = /^create (?:unique )?index concurrently (?:if not exists )?(\w+)/im;
/** Nothing but changes of the schema queues behind the wait of a concurrent build, so it may be long. */
const concurrentLockTimeoutMs = 60_000;

const schemaOf = (owner: Owner) => ({ ...sharedSchemas, ...schemas })[owner];

/** All migrations on disk: those of shared schemas, then by service, then by number. */
export async function migrations(): Promise<Migration[]> {
	const found: Migration[] = [];
	for (const service of Object.keys({ ...sharedSchemas, ...schemas }) as Owner[]) {
		for (const file of await migrationNames(service)) {
			const sql = await readFile(join(migrationFolder(service), file), "utf8");
			found.push({ service, file, sql });
		}
	}
	return found;
}

/** $1 a role. A right that is granted again locks the database's row like a new one. */
const mayConnect = `
	select datname as name, exists (
		select from aclexplode(datacl) where grantee = $1::text::regrole and privilege_type = 'CONNECT'
	) as "isGranted"
	from pg_database where datname = current_database()`;

async function ensureRole(
	client: pg.Client,
	ownerUrl: string,
	service: ServiceName
): Promise<void> {
	const role = roleOf(service);
	const { rowCount } = await client.query("select 1 from pg_roles where rolname = $1", [role]);
	if (rowCount === 0) {
		const password = client.escapeLiteral(scramVerifier(rolePassword(ownerUrl, role)));
		// Roles belong to the whole server, so another database's migrator may create it first.
		await client.query(`create role ${role} login password ${password}`).catch(error => {
			if (!["42710", "23505"].includes(sqlState(error) ?? "")) throw error;
		});
	}
	const { rows } = await client.query<{ name: string; isGranted: boolean }>(mayConnect, [role]);
	const database = client.escapeIdentifier(rows[0]!.name);
	if (!rows[0]!.isGranted) await client.query(`grant connect on database ${database} to ${role}`);
}

/** Each gives up its wait for another session, and may run again. */
async function ensureRoles(client: pg.Client, ownerUrl: string, urls: RoleUrls): Promise<void> {
	try {
		await client.query(`set lock_timeout = ${lockTimeoutMs}`);
		for (const service of Object.keys(schemas) as ServiceName[])
			await ensureRole(client, ownerUrl, service);
		await setRolePasswords(client, urls);
	} finally {
		await client.query("reset lock_timeout").catch(() => undefined);
	}
}

/** A node is not ready on a database that lacks migrations. A right that is granted again locks the table's row. */
async function mayReadMigrations(client: pg.Client, role: string): Promise<void> {
	const { rows } = await client.query<{ sees: boolean; reads: boolean }>(
		`select has_schema_privilege($1, 'public', 'usage') as sees,
			has_table_privilege($1, 'public.migration', 'select') as reads`,
		[role]
	);
	const { sees, reads } = rows[0]!;
	// PUBLIC has it, unless it was deprived of it.
	if (!sees) await client.query(`grant usage on schema public to ${role}`);
	if (!reads) await client.query(`grant select on public.migration to ${role}`);
}

/** A service may use only its own schema; its migrations grant rights on each table. */
async function ensureSchema(client: pg.Client, service: ServiceName): Promise<void> {
	const schema = schemas[service];
	await client.query(`create schema if not exists ${schema}`);
	await client.query(`grant usage on schema ${schema} to ${roleOf(service)}`);
	await mayReadMigrations(client, roleOf(service));
}

const nameOf = ({ service, file }: Migration) => `${service}/${file}`;

async function withName<R>(migration: Migration, work: () => Promise<R>): Promise<R> {
	return work().catch((error: Error) => {
		throw failedMigration(nameOf(migration), migration.sql, error);
	});
}

async function apply(client: pg.Client, migration: Migration): Promise<boolean> {
	if (!(await record(client, migration))) return false;
	await client.query(`set local search_path to ${schemaOf(migration.service)}`);
	await client.query(migration.sql);
	await client.query("set local search_path to default");
	return true;
}

async function ensureSchemas(client: pg.Client): Promise<void> {
	await ensureRecordTable(client);
	for (const service of Object.keys(schemas) as ServiceName[]) await ensureSchema(client, service);
	for (const schema of Object.values(sharedSchemas))
		await client.query(`create schema if not exists ${schema}`);
}

/** Runs migrations in one transaction. Returns those that had not run before. */
async function runTogether(
	client: pg.Client,
	together: readonly Migration[],
	all: readonly Migration[]
): Promise<Migration[]> {
	const done: Migration[] = [];
	await client.query("begin");
	try {
		await client.query(`set local lock_timeout = ${lockTimeoutMs}`);
		await ensureSchemas(client);
		await fillChecksums(client, all);
		for (const migration of together)
			if (await withName(migration, () => apply(client, migration))) done.push(migration);
		await client.query("commit");
		return done;
	} catch (error) {
		await client.query("rollback").catch(() => undefined);
		throw error;
	}
}

/** Whether an index is there and complete; one that is not is removed. */
async function isBuilt(client: pg.Client, index: string): Promise<boolean> {
	const { rows } = await client.query<{ isValid: boolean }>(
		`select indisvalid as "isValid" from pg_index where indexrelid = to_regclass($1)`,
		[index]
	);
	if (rows[0]?.isValid === false) await client.query(`drop index concurrently ${index}`);
	return rows[0]?.isValid === true;
}

async function runOutside(client: pg.Client, migration: Migration): Promise<Migration[]> {
	const { service, file, sql } = migration;
	const { rowCount } = await client.query(
		"select 1 from public.migration where service = $1 and file = $2",
		[service, file]
	);
	if (rowCount === 1) return [];
	try {
		await client.query(`set lock_timeout = ${concurrentLockTimeoutMs}`);
		await client.query(`set search_path to ${schemaOf(service)}`);
		const index = concurrentIndex.exec(sql)?.[1];
		if (!index || !(await isBuilt(client, index)))
			await withName(migration, () => client.query(sql));
	} finally {
		await client.query("reset search_path; reset lock_timeout").catch(() => undefined);
	}
	await record(client, migration);
	return [migration];
}

/** Migrations that run together, in their order; one that runs outside a transaction is alone. */
function groupsOf(all: readonly Migration[]): Migration[][] {
	const groups: Migration[][] = [[]];
	for (const migration of all)
		if (isOutside(migration)) groups.push([migration], []);
		else groups.at(-1)!.push(migration);
	return groups.filter((group, index) => index === 0 || group.length > 0);
}

/** Waits for another migrator. @throws Error that names it */
async function acquireLock(
	client: pg.Client,
	{ withinMs = defaultWithinMs, onProgress }: GiveWayOptions
): Promise<void> {
	let isWaiting = false;
	const look = async () => {
		const { rows } = await client.query<{ locked: boolean }>(
			"select pg_try_advisory_lock($1) as locked",
			[lockKey]
		);
		const { locked } = rows[0]!;
		if (!locked && !isWaiting) onProgress?.("waiting for another migration of this database");
		isWaiting = true;
		return locked;
	};
	if (await poll(look, { everyMs: lockPollMs, withinMs })) return;
	const { rows } = await client.query<{ pid: number }>(
		`select pid from pg_locks where locktype = 'advisory' and granted and classid = 0 and objid = $1
			and database = (select oid from pg_database where datname = current_database())`,
		[lockKey]
	);
	const holder = rows[0] ? `session ${rows[0].pid}` : "another session";
	throw new Error(`${holder} has been migrating this database for more than ${withinMs / 1000} s`);
}

/**
 * Migrates a database to the current schema, under an advisory lock and in one transaction: completely or not at all.
 * Only a migration that runs outside a transaction divides it: what is before it is committed first. A shop that runs is
 * not held up: the migrations give way to it until they get their locks. Returns the names of those that it ran.
 * @param given instead of those on disk
 * @param options `roleUrls`: URLs of services, whose roles get the passwords in them
 * @throws MigrationError with the file for Postgres' error, for names and forms that are wrong, for a database that is
 * newer than the tree, and for a migration that was changed after it ran; Error that names the sessions for which it waited in vain
 */
export async function migrate(
	ownerUrl: string,
	given?: Migration[],
	options: GiveWayOptions & { roleUrls?: RoleUrls } = {}
): Promise<string[]> {
	const client = newClient({
		connectionString: ownerUrl,
		application_name: "shop migrate",
		answerWithinMs: statementWithinMs
	});
	const done: Migration[] = [];
	try {
		await client.connect();
		await acquireLock(client, options);
		const all = given ?? (await migrations());
		if (!given) assertSound(all);
		assertSameHistory(await readRecords(client), all, given === undefined);
		const roles = () => ensureRoles(client, ownerUrl, options.roleUrls ?? {});
		await giveWay(ownerUrl, client, "the migration", roles, options);
		for (const group of groupsOf(all)) {
			const [first] = group;
			const work = () =>
				first && isOutside(first) ? runOutside(client, first) : runTogether(client, group, all);
			done.push(...(await giveWay(ownerUrl, client, "the migration", work, options)));
		}
		return done.map(nameOf);
	} finally {
		await client.end();
	}
}
