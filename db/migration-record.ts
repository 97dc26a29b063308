import { createHash } from "node:crypto";
import type pg from "pg";
import { MigrationError } from "./migration-error.ts";

/** What a database knows of the migrations that ran on it. */

interface Migration {
	service: string;
	file: string;
	sql: string;
}

interface MigrationRecord {
	service: string;
	file: string;
	/** Null for one that ran before there were checksums. */
	checksum: string | null;
}

export const checksumOf = (sql: string) => createHash("sha256").update(sql).digest("hex");

const keyOf = ({ service, file }: Pick<Migration, "service" | "file">) => `${service}/${file}`;

const hasTable = "select to_regclass('public.migration') is not null as is";
const hasChecksum = `select exists (
	select from pg_attribute where attrelid = 'public.migration'::regclass and attname = 'checksum'
) as is`;

async function ask(client: pg.Client, question: string): Promise<boolean> {
	return (await client.query<{ is: boolean }>(question)).rows[0]!.is;
}

/** The table of a database from before checksums is read too. */
export async function readRecords(client: pg.Client): Promise<MigrationRecord[]> {
	if (!(await ask(client, hasTable))) return [];
	const { rows } = await client.query<MigrationRecord>(
		"select service, file, to_jsonb(m)->>'checksum' as checksum from public.migration m order by at, service, file"
	);
	return rows;
}

/** The column is added only where it is missing: a backup that runs keeps the table from being altered. */
export async function ensureRecordTable(client: pg.Client): Promise<void> {
	await client.query(
		"create table if not exists public.migration (service text, file text, at timestamptz not null default now(), checksum text, primary key (service, file))"
	);
	if (!(await ask(client, hasChecksum)))
		await client.query("alter table public.migration add column checksum text");
}

/** Answers false for one that has run before. */
export async function record(
	client: pg.Client,
	{ service, file, sql }: Migration
): Promise<boolean> {
	const { rowCount } = await client.query(
		"insert into public.migration (service, file, checksum) values ($1, $2, $3) on conflict do nothing",
		[service, file, checksumOf(sql)]
	);
	return rowCount === 1;
}

/** For those that ran before there were checksums: what they hold today is what is compared from now on. */
export async function fillChecksums(client: pg.Client, all: readonly Migration[]): Promise<void> {
	const missing = (await readRecords(client)).filter(({ checksum }) => checksum === null);
	const texts = new Map(all.map(migration => [keyOf(migration), migration.sql]));
	for (const { service, file } of missing) {
		const sql = texts.get(keyOf({ service, file }));
		if (sql !== undefined)
			await client.query(
				"update public.migration set checksum = $3 where service = $1 and file = $2",
				[service, file, checksumOf(sql)]
			);
	}
}

const list = (keys: readonly string[]) =>
	keys.length > 3 ? `${keys.slice(0, 3).join(", ")} and ${keys.length - 3} more` : keys.join(", ");

/**
 * Refuses a tree that is older than the database, and one whose migrations are not those that ran.
 * @param isWhole whether `all` are those of the tree, and not some of them
 * @throws MigrationError
 */
export function assertSameHistory(
	records: readonly MigrationRecord[],
	all: readonly Migration[],
	isWhole: boolean
): void {
	const texts = new Map(all.map(migration => [keyOf(migration), migration.sql]));
	const newer = records.map(keyOf).filter(key => !texts.has(key));
	if (isWhole && newer.length > 0)
		throw new MigrationError(
			"refused",
			`The database is newer than this version of the shop, which does not have its migration ${list(newer)}: start the version that migrated it, or a later one.`
		);
	const edited = records
		.filter(({ checksum, ...one }) => {
			const sql = texts.get(keyOf(one));
			return checksum !== null && sql !== undefined && checksumOf(sql) !== checksum;
		})
		.map(keyOf);
	if (edited.length > 0)
		throw new MigrationError(
			"refused",
			`Migration ${list(edited)} was changed after it ran on this database: restore its text, and put the change into a new migration; where it has run on this database only, and its data may go, start with --fresh.`
		);
}
