import type pg from "pg";
import { envFile } from "../../config/env-file.ts";
import { configOfLauncher, type Config } from "../../config/index.ts";
import { newClient, rows } from "../../db/client.ts";
import { namedLog, readEventLog, refusalOfLog, type LogKind } from "../../db/event-log.ts";
import { migrate } from "../../db/migrate.ts";
import { applyTextSearch } from "../../db/text-search.ts";
import { demoAccounts, seed } from "../../db/seed.ts";
import { shownPath } from "./banner.ts";
import { DataFolder } from "./data-folder.ts";
import { connectionsOf, spareConnections } from "./connection-plan.ts";
import { startPostgres } from "../servers/embedded-postgres.ts";
import { freePort, listen } from "../process/free-port.ts";
import { fitsSocket } from "./operator-socket.ts";
import { portsOf } from "./ports.ts";
import { announce, type Announce, npmCommand, type RunningShop } from "./running-shop.ts";
import { tokenKeys } from "./token-keys.ts";
import { exitCodes, explainDatabase, explainListen, LaunchError } from "../process/launch-error.ts";
import type { Lifecycle } from "../process/lifecycle.ts";
import { useLogFormat } from "../process/log-format.ts";
import { checkNats } from "../servers/nats-connection.ts";
import { stopOrphanedNats } from "../servers/nats-server.ts";

/** Configuration, database and data folder of a shop before its first service starts. */
export interface ShopEnvironment {
	/** With the database, the keys and an absolute data folder. */
	readonly config: Config & { readonly databaseUrl: string };
	/** The port is the first gateway's only: others take a free one. */
	readonly isAnyPort: boolean;
	readonly data: DataFolder;
	readonly embedded: boolean;
	/** Adds to what the commands beside it know of it. */
	readonly announce: Announce;
}

export interface PrepareOptions {
	/** The npm script. */
	command: RunningShop["command"];
	/** Empties the embedded database first. */
	fresh?: boolean;
	/** Of the whole cluster, each as often as it is run; those of this process by default. */
	services?: readonly string[];
}

const startedAt = performance.now();

/** One line for a slow step, with the seconds since the start. */
export function progress(step: string): void {
	console.log(`${((performance.now() - startedAt) / 1000).toFixed(1).padStart(5)} s  ${step}`);
}

/** What a launcher starts. */
interface Launch {
	command: RunningShop["command"];
	gateways: number;
	nodes: number;
}

async function checkPorts(
	given: Config,
	{ command: script, gateways, nodes }: Launch
): Promise<void> {
	const { host, port, metricsPort, healthPort, services } = given;
	const isGateway = services.includes("gateway");
	const wanted = portsOf([
		{ name: "PORT", first: isGateway ? port : undefined, count: gateways },
		{ name: "HEALTH_PORT", first: healthPort, count: nodes },
		{ name: "METRICS_PORT", first: metricsPort, count: nodes }
	]);
	// With a free port for each, the address is still tried.
	if (wanted.length === 0) wanted.push({ name: "PORT", port: 0 });
	const command = npmCommand(script);
	for (const { name, port: one } of wanted)
		await listen(one, host).catch(error => {
			throw explainListen(error, { command, host, ports: { [name]: one } });
		});
}

/**
 * Starts the embedded Postgres of this folder until the end of the process; returns its URL.
 * @param connections that may be open at one time
 */
export async function startEmbeddedPostgres(
	life: Lifecycle,
	data: DataFolder,
	connections = spareConnections
): Promise<string> {
	const onCrash = (reason: string) => void life.fail(new LaunchError(reason));
	const directory = data.postgres;
	const server = await startPostgres({ directory, connections, progress, onCrash });
	life.atEnd(() => server.stop());
	return server.url;
}

/** A connection until the end of the process. @throws LaunchError when it fails */
export async function connect(life: Lifecycle, url: string, name: string): Promise<pg.Client> {
	const client = newClient({ connectionString: url, application_name: `shop ${name}` });
	try {
		await client.connect();
	} catch (error) {
		throw explainDatabase(error, url);
	}
	life.atEnd(() => client.end());
	return client;
}

/** @throws LaunchError when somebody could sign in to production with the published password */
async function refuseDemoAccounts(url: string): Promise<void> {
	const known = await demoAccounts(url);
	if (known.length === 0) return;
	throw new LaunchError(
		`The database has demo accounts, whose password is published: ${known.join(", ")}. Delete them, lock them, or use another database: NODE_ENV=production does not start with them.`,
		exitCodes.configuration
	);
}

type PreparedBy = Pick<
	Config,
	"demo" | "production" | "catalogue" | "serviceDatabaseUrls" | "eventLogDatabaseUrl"
>;

/**
 * Migrates a database, and gives the roles of services the passwords of their URLs.
 * @throws LaunchError when it cannot be reached or used, or in production has demo accounts
 */
export async function prepareDatabase(
	url: string,
	{ demo, production, catalogue, ...given }: PreparedBy
): Promise<void> {
	const roleUrls = { ...given.serviceDatabaseUrls, stream: given.eventLogDatabaseUrl };
	try {
		const done = await migrate(url, undefined, { onProgress: progress, roleUrls });
		if (done.length > 0) progress(`migrations run: ${done.length}`);
		await applyTextSearch(url, catalogue.textSearch, { onProgress: progress });
		if (demo) await seed(url);
		if (production) await refuseDemoAccounts(url);
	} catch (error) {
		throw error instanceof LaunchError ? error : explainDatabase(error, url);
	}
}

/** @throws LaunchError when the events of the shop are in another log than the one that its settings name */
async function refuseOtherLog(url: string, given: Pick<Config, "kafka">): Promise<void> {
	const named = namedLog(given);
	const [row] = await rows<{ kind: LogKind }>(url, readEventLog.text);
	const refusal = row && refusalOfLog(row.kind, named);
	if (refusal) throw new LaunchError(refusal, exitCodes.configuration);
}

/** Pools grow under load only, so a server that takes fewer connections is no reason not to start. */
async function compareConnections(url: string, planned: number): Promise<void> {
	const [row] = await rows<{ most: number }>(
		url,
		`select (current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
			- coalesce(current_setting('reserved_connections', true)::int, 0)) as most`
	);
	if (row!.most < planned)
		progress(
			`Postgres takes ${row!.most} connections, and under load this shop opens up to ${planned}: raise its max_connections, or lower DATABASE_POOL`
		);
}

/**
 * Reads the configuration, then starts or reaches the database and prepares it.
 * @throws LaunchError, EnvironmentError
 */
export async function prepareShop(
	life: Lifecycle,
	{ command, fresh = false, services }: PrepareOptions
): Promise<ShopEnvironment> {
	const gateways = services?.filter(name => name === "gateway").length ?? 1;
	const { config: given, isAnyPort } = await configOfLauncher(freePort);
	// A developer's terminal has columns, whatever the format.
	if (command !== "dev") useLogFormat(given);
	for (const warning of envFile()?.warnings ?? [])
		progress(`${shownPath(envFile()!.path)}: ${warning}`);
	if (fresh && given.databaseUrl)
		throw new LaunchError(
			"--fresh empties the embedded database only: unset DATABASE_URL, or empty that database yourself.",
			exitCodes.usage
		);
	if (fresh && given.production)
		throw new LaunchError(
			`--fresh deletes all orders, which NODE_ENV=production does not do: remove ${shownPath(given.dataDir)} yourself if you mean it.`,
			exitCodes.usage
		);
	life.extendStop(given.connections.shutdownDelayMs);
	const nodes = services?.length ?? 1;
	await checkPorts(given, { command, gateways: isAnyPort ? 1 : gateways, nodes });
	if (given.natsUrl) await checkNats(given.natsUrl);
	const data = new DataFolder(given.dataDir);
	life.atEnd(data.lock());
	// A cluster's, which no other command would end.
	await stopOrphanedNats(data.path);
	if (fresh) await data.empty();
	const keys = tokenKeys(given, () => data.tokenKey);
	const planned = connectionsOf(services ?? given.services, given);
	const databaseUrl = given.databaseUrl ?? (await startEmbeddedPostgres(life, data, planned));
	await prepareDatabase(databaseUrl, given);
	await refuseOtherLog(databaseUrl, given);
	if (given.databaseUrl) await compareConnections(databaseUrl, planned);
	const token = { ...given.token, ...keys };
	// A path that is too long has none, and the REPL cannot join.
	const isAlone = (command === "start" || command === "dev") && !given.natsUrl;
	const socket = isAlone && fitsSocket(data.socket) ? data.socket : undefined;
	const operatorSocket = given.operatorSocket ?? socket;
	const config = { ...given, databaseUrl, token, dataDir: data.path, operatorSocket };
	const embedded = !given.databaseUrl;
	const { namespace, natsUrl } = given;
	const brokers = given.kafka?.brokers;
	const facts = {
		command,
		databaseUrl,
		embedded,
		namespace,
		natsUrl,
		brokers,
		socket: operatorSocket
	};
	return { config, isAnyPort, data, embedded, announce: announce(life, data, facts) };
}
