import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../../config/index.ts";
import { rows } from "../../db/client.ts";
import { Database, roleOf, schemas } from "../../db/database.ts";
import { exitCodes, LaunchError } from "../process/launch-error.ts";
import type { Lifecycle } from "../process/lifecycle.ts";
import { stopOrphanedNats } from "../servers/nats-server.ts";
import { DataFolder } from "./data-folder.ts";
import { startEmbeddedPostgres } from "./prepare-shop.ts";
import { runningShop } from "./running-shop.ts";

/**
 * The database of the shop, as its owner: of DATABASE_URL, or of the shop that runs on the data folder, or the embedded
 * one of it, which is started until the end of this process.
 * @throws LaunchError when there is no shop
 */
export async function databaseOfShop(
	life: Lifecycle,
	{ databaseUrl, dataDir }: Pick<Config, "databaseUrl" | "dataDir">
): Promise<string> {
	const found = databaseUrl ?? runningShop(dataDir)?.databaseUrl;
	if (found) return found;
	if (!existsSync(join(dataDir, "postgres")))
		throw new LaunchError(
			`There is no shop in ${dataDir}: set DATA_DIR, or DATABASE_URL for another Postgres.`,
			exitCodes.configuration
		);
	const data = new DataFolder(dataDir);
	life.atEnd(data.lock());
	// A cluster's that was killed, which would stay.
	await stopOrphanedNats(data.path);
	return startEmbeddedPostgres(life, data);
}

/** Roles of the services, by which their sessions are known. */
export const serviceRoles = (Object.keys(schemas) as (keyof typeof schemas)[]).map(roleOf);

/** Statements of the services, run by the owner until the end of this process. */
export function ownerDatabase(life: Lifecycle, url: string, name: string): Database {
	const onError = () => undefined;
	const database = new Database({
		url,
		pool: 1,
		durability: "strict",
		name: `shop ${name}`,
		onError
	});
	life.atEnd(() => database.close());
	return database;
}

/** What a start says while no account can administer the shop; undefined otherwise. */
export async function adminHint(url: string): Promise<string | undefined> {
	const [row] = await rows<{ is_there: boolean }>(
		url,
		"select exists (select from users.users where role = 'admin' and not locked) as is_there"
	);
	return row!.is_there
		? undefined
		: "There is no admin yet: with the settings of this shop, npm run admin -- create you@example.com makes the first one.";
}
