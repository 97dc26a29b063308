import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { sharedSchemas, type schemas } from "./database.ts";
import { sqlState } from "../lib/database-error.ts";

/** Whether a database has the migrations that the code of a service was written for. */

export type Owner = keyof typeof schemas | keyof typeof sharedSchemas;

const root = join(import.meta.dirname, "..");

/** The folder of a service's migrations, or of those of a shared schema. */
export function migrationFolder(owner: Owner): string {
	const folder =
		owner === "stream" ? "streams" : owner in sharedSchemas ? owner : `services/${owner}`;
	return join(root, folder, "migrations");
}

/** Also one whose name is wrong: it is refused, and not left out. A name that begins with a dot is an editor's. */
const isMigration = (file: string) => /^[^.].*\.sql$/i.test(file);

export const migrationNames = async (owner: Owner): Promise<string[]> =>
	(await readdir(migrationFolder(owner))).filter(isMigration).sort();

/** Runs one statement as the role of the service. */
export type Ask = (text: string, values: string[][]) => Promise<object[]>;

const missingOf = `
	select service || '/' || file as name from unnest($1::text[], $2::text[]) as needed (service, file)
	where not exists (
		select from public.migration m where m.service = needed.service and m.file = needed.file
	)
	order by 1`;

/** No table of migrations, no right to read it, or no schema: no migration of this version has run. */
const isUnmigrated = (error: unknown) => /^(42P01|42501|3F000)$/.test(sqlState(error) ?? "");

/**
 * Looks until the database has all migrations of a service and of what it shares, and never again: they are not undone,
 * and a database that is newer is what the code was made for, too (docs/operations.md, "Upgrade").
 */
export class AppliedMigrations {
	readonly #owners: readonly Owner[];
	#isComplete = false;
	#warnedOf = 0;

	constructor(service: keyof typeof schemas) {
		this.#owners = [service, "stream", ...(Object.keys(sharedSchemas) as Owner[])];
	}

	/** For `ready`: whether the database has them. Warns when it lacks others than before. @throws Error when it cannot be asked */
	async check(ask: Ask, logger: { warn(line: string): void }): Promise<{ ok: boolean }> {
		if (this.#isComplete) return { ok: true };
		const missing = await this.#missing(ask);
		this.#isComplete = missing.length === 0;
		if (missing.length > 0 && missing.length !== this.#warnedOf)
			logger.warn(
				`not ready: the database lacks ${missing.length} migrations of this version, among them ${missing.at(-1)}: npm run migrate. A role that is not the shop's own needs select on public.migration.`
			);
		this.#warnedOf = missing.length;
		return { ok: this.#isComplete };
	}

	async #missing(ask: Ask): Promise<string[]> {
		const needed = await Promise.all(
			this.#owners.map(async owner => (await migrationNames(owner)).map(file => [owner, file]))
		);
		const columns = [0, 1].map(column => needed.flat().map(pair => pair[column]!));
		try {
			const rows = (await ask(missingOf, columns)) as { name: string }[];
			return rows.map(({ name }) => name);
		} catch (error) {
			if (isUnmigrated(error)) return needed.flat().map(pair => pair.join("/"));
			throw error;
		}
	}
}
