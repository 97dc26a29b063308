import { randomBytes } from "node:crypto";
import { once } from "node:events";
import {
	existsSync,
	mkdirSync,
	readFileSync,
	renameSync,
	rmSync,
	statfsSync,
	writeFileSync
} from "node:fs";
import { dirname, join } from "node:path";
import { freePort } from "../process/free-port.ts";
import { diskFull, LaunchError } from "../process/launch-error.ts";
import { isAlive, processesOf, type Server, stopOrphans } from "../process/orphans.ts";
import { poll } from "../../lib/retry.ts";
import { ServerProcess } from "../process/server-process.ts";
import type { PackagedPostgres } from "./packaged-postgres.ts";
import { postgresProgram, type PostgresProgram } from "./postgres-program.ts";

export interface PostgresOptions {
	/** Absolute. The password and the log are beside it, as `.password` and `.log`. */
	directory: string;
	/** That may be open at one time, besides those that Postgres keeps for its superuser. */
	connections: number;
	/** This one instead of the embedded one, with the settings that it has as installed. */
	packaged?: PackagedPostgres | undefined;
	/** Override the server's own settings. */
	settings?: Readonly<Record<string, string>>;
	/** Called with a few words before each slow step. */
	progress(step: string): void;
	/** Called when the server crashes. */
	onCrash(reason: string): void;
}

export interface PostgresServer {
	/** As the owner of the whole server. */
	url: string;
	/** Fast shutdown: rolls back what is in flight, refuses new connections and waits for the end. */
	stop(): Promise<void>;
	/** Immediate shutdown (`pg_ctl stop -m immediate`): the next start has to recover. */
	crash(): Promise<void>;
}

const owner = "shop";
const logOf = (directory: string) => readFileSync(`${directory}.log`, "utf8");

/** Sorts by code points and knows letters of all scripts, whatever the system has. */
const locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"];

async function initialise(
	program: PostgresProgram,
	{ directory, packaged }: PostgresOptions,
	passwordFile: string
): Promise<void> {
	const unfinished = `${directory}.unfinished`;
	rmSync(unfinished, { recursive: true, force: true });
	mkdirSync(unfinished, { recursive: true, mode: 0o700 });
	writeFileSync(passwordFile, randomBytes(24).toString("base64url"), { mode: 0o600 });
	for (const path of [unfinished, passwordFile]) program.give(path);
	const child = program.spawn("initdb", [
		"-D",
		unfinished,
		"-U",
		owner,
		`--pwfile=${passwordFile}`,
		"--auth=scram-sha-256",
		"--encoding=UTF8",
		// Not that of this shell, which the system may not have.
		...(packaged ? ["--locale=C.UTF-8"] : locale)
	]);
	let words = "";
	for (const stream of [child.stdout!, child.stderr!]) stream.on("data", text => (words += text));
	const [code] = await once(child, "close");
	if (code !== 0) throw failed("could not make a database", words, directory);
	// A folder under the final name is always complete, even after a power failure.
	renameSync(unfinished, directory);
}

/** Less than a new database and one WAL segment need. */
const scarceBytes = 64 * 1024 * 1024;

function failed(what: string, words: string, directory: string): LaunchError {
	const { bavail, bsize } = statfsSync(dirname(directory));
	// With a full disk Postgres may or may not name the cause before it aborts.
	if (bavail * bsize < scarceBytes || /no space left|quota exceeded/i.test(words))
		return new LaunchError(diskFull);
	if (/permission denied|wrong ownership/i.test(words))
		return new LaunchError(
			`${directory} belongs to another user: start as that user, or set DATA_DIR to another folder.`
		);
	const last = words.trim().split("\n").slice(-4).join("\n  ");
	return new LaunchError(`The embedded Postgres ${what}; last log lines:\n  ${last}`);
}

function checkData({ major }: PostgresProgram, directory: string, passwordFile: string): void {
	const found = readFileSync(join(directory, "PG_VERSION"), "utf8").trim();
	const startOver = "reset it with npm start -- --fresh";
	if (Number(found) !== major)
		throw new LaunchError(
			`${directory} holds data of Postgres ${found} and this shop brings Postgres ${major}: move the data over with pg_upgrade, set DATA_DIR to another folder, or ${startOver}.`
		);
	if (!existsSync(passwordFile))
		throw new LaunchError(
			`${passwordFile} is gone, and ${directory} does not open without it: restore it, or ${startOver}.`
		);
}

/** Cleans up after a launcher that was killed: ends its server, removes a misleading pid file. */
async function recover(directory: string, progress: (step: string) => void): Promise<void> {
	const server: Server = { program: "postgres", argument: directory };
	if (await stopOrphans(server, "SIGINT")) progress("stopped the database of a killed shop");
	const pidFile = join(directory, "postmaster.pid");
	if (!existsSync(pidFile)) return;
	const pid = Number.parseInt(readFileSync(pidFile, "utf8"));
	// Postgres takes any live process with that pid for its predecessor. A dead one it handles
	// itself, with the file: it also says whether backends of the last server still run.
	if (isAlive(pid) && !processesOf(server).includes(pid)) rmSync(pidFile);
}

const superuserConnections = 3;

/** Small and quick to start rather than fast. */
const ownSettings = {
	shared_buffers: "32MB",
	max_wal_size: "256MB",
	io_method: "sync",
	jit: "off",
	max_logical_replication_workers: 0,
	log_checkpoints: "off"
};

function settings(port: number, options: PostgresOptions): string[] {
	const { connections, packaged } = options;
	const values = {
		listen_addresses: "127.0.0.1",
		port,
		unix_socket_directories: "",
		max_connections: connections + superuserConnections,
		superuser_reserved_connections: superuserConnections,
		...(packaged ? {} : ownSettings),
		...options.settings
	};
	return Object.entries(values).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}

/** The eighth line of postmaster.pid says `ready` once connections are taken. */
function isReady(directory: string, pid: number): boolean {
	try {
		const lines = readFileSync(join(directory, "postmaster.pid"), "utf8").split("\n");
		return Number(lines[0]) === pid && lines[7]?.trim() === "ready";
	} catch {
		return false;
	}
}

/** Undefined when another attempt may succeed, at another port or moment. @throws LaunchError */
async function launch(
	program: PostgresProgram,
	options: PostgresOptions
): Promise<{ server: ServerProcess; port: number } | undefined> {
	const { directory, onCrash } = options;
	const port = await freePort();
	const args = ["-D", directory, ...settings(port, options)];
	const server = await ServerProcess.start({
		spawn: spawnOptions => program.spawn("postgres", args, spawnOptions),
		log: `${directory}.log`,
		isReady: pid => isReady(directory, pid),
		onCrash: () => onCrash(failed("ended", logOf(directory), directory).message),
		// A fast and an immediate shutdown.
		signals: { stop: "SIGINT", crash: "SIGQUIT" },
		slowestStopMs: 8000
	});
	if (server) return { server, port };
	const words = logOf(directory);
	if (/Address already in use|shared memory block .* is still in use/.test(words)) return undefined;
	throw failed("did not start", words, directory);
}

/**
 * Starts the Postgres of the npm packages, or a packaged one, on a free loopback port, and creates its data
 * folder first when there is none.
 * @throws LaunchError in a sentence for the user
 */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
	const { directory, progress, packaged } = options;
	const passwordFile = `${directory}.password`;
	const program = postgresProgram(directory, packaged);
	if (!existsSync(directory)) {
		progress("making the database (first start only)");
		await initialise(program, options, passwordFile);
	}
	checkData(program, directory, passwordFile);
	await recover(directory, progress);
	const launched = await poll(() => launch(program, options), { everyMs: 300, withinMs: 6000 });
	if (!launched) throw failed("did not start", logOf(directory), directory);
	const { server, port } = launched;
	return {
		url: `postgres://${owner}:${readFileSync(passwordFile, "utf8")}@127.0.0.1:${port}/postgres`,
		stop: () => server.stop(),
		crash: () => server.crash()
	};
}
