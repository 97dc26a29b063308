import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { rows, withClient } from "../../../db/client.ts";
import { startPostgres } from "../../../launch/servers/embedded-postgres.ts";
import { postgresProgram } from "../../../launch/servers/postgres-program.ts";
import type { Parameter } from "../../terraform/parameter-group.ts";
import { trustedCertificate } from "./mail-server.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** A Postgres with the parameters of a parameter group of RDS, and with the owner and the database that RDS makes. */
export interface RdsPostgres {
	/** As the owner, who is no superuser, with the server's certificate checked. */
	readonly url: string;
	/** The certificate, for `NODE_EXTRA_CA_CERTS`. */
	readonly caFile: string;
	owner<R extends object>(sql: string): Promise<R[]>;
	/** As the superuser, which RDS gives to no customer. */
	superuser<R extends object>(sql: string): Promise<R[]>;
	stop(): Promise<void>;
}

const files = { key: "server.key", cert: "server.crt", rules: "pg_hba.conf" };

/** Written for each server, because the key has to be its own. */
function writeFiles(folder: string): Record<keyof typeof files, string> {
	const { key, cert } = trustedCertificate();
	const path = (name: string) => join(folder, name);
	const paths = { key: path(files.key), cert: path(files.cert), rules: path(files.rules) };
	writeFileSync(paths.key, key, { mode: 0o600 });
	writeFileSync(paths.cert, cert);
	// Postgres refuses who matches no line.
	writeFileSync(paths.rules, "hostssl all all 127.0.0.1/32 scram-sha-256\n");
	const program = postgresProgram(folder);
	for (const one of [folder, ...Object.values(paths)]) program.give(one);
	return paths;
}

/** Parameters that only RDS knows → settings of Postgres that do the same. */
const counterparts: Readonly<
	Record<string, (paths: Record<keyof typeof files, string>) => Record<string, string>>
> = {
	"rds.force_ssl=1": ({ key, cert, rules }) => ({
		ssl: "on",
		ssl_key_file: key,
		ssl_cert_file: cert,
		hba_file: rules
	})
};

/** @throws Error for a parameter of RDS without a counterpart */
function settingsOf(parameters: readonly Parameter[], folder: string): Record<string, string> {
	const own = parameters.filter(({ name }) => name.startsWith("rds."));
	const paths = writeFiles(folder);
	return Object.assign(
		Object.fromEntries(
			parameters.filter(one => !own.includes(one)).map(({ name, value }) => [name, value])
		),
		...own.map(({ name, value }) => {
			const counterpart = counterparts[`${name}=${value}`];
			if (!counterpart) throw new Error(`Postgres has nothing like ${name} = ${value}`);
			return counterpart(paths);
		})
	) as Record<string, string>;
}

/** `shop` sorts as a language does, as a database of RDS with its en_US.UTF-8, and not by code points. */
const database = `create database shop owner shop_owner template template0
	encoding 'UTF8' locale_provider icu icu_locale 'en-US'`;
const password = "owner";

/** RDS makes both whatever the group says. */
const unlimited = "-c statement_timeout=0 -c default_transaction_read_only=off";

/** @throws LaunchError where Postgres refuses a parameter */
export async function startRdsPostgres(parameters: readonly Parameter[]): Promise<RdsPostgres> {
	const folder = temporaryFolder();
	const server = await startPostgres({
		directory: join(folder, "data"),
		connections: 100,
		settings: settingsOf(parameters, folder),
		progress: () => undefined,
		onCrash: reason => process.stderr.write(`tests: ${reason}\n`)
	});
	const superuserUrl = new URL(server.url);
	superuserUrl.hostname = "localhost";
	superuserUrl.searchParams.set("sslmode", "verify-full");
	const superuser = <R extends object>(sql: string) =>
		withClient(superuserUrl.toString(), async client => (await client.query<R>(sql)).rows, {
			options: unlimited
		});
	try {
		// What the master user of RDS has, besides its role rds_superuser.
		await superuser(`create role shop_owner login createdb createrole password '${password}'`);
		await superuser(database);
	} catch (error) {
		await server.stop();
		throw error;
	}
	const url = new URL(superuserUrl);
	Object.assign(url, { username: "shop_owner", password, pathname: "/shop" });
	return {
		url: url.toString(),
		caFile: join(folder, files.cert),
		owner: sql => rows(url.toString(), sql),
		superuser,
		stop: () => server.stop()
	};
}
