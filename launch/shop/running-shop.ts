import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { LaunchError } from "../process/launch-error.ts";
import type { Lifecycle } from "../process/lifecycle.ts";
import { DataFolder } from "./data-folder.ts";
import { shopUrl } from "./given-url.ts";

/** What runs on a data folder, as its launcher wrote it down for the commands beside it. */
export interface RunningShop {
	/** The npm script that started it. */
	command: "start" | "dev" | "cluster" | "repl";
	pid: number;
	/** ISO 8601. */
	startedAt: string;
	/** Of the owner. */
	databaseUrl: string;
	/** Whether the launcher started Postgres. */
	embedded: boolean;
	/** The nodes of it find each other by these. */
	namespace: string;
	natsUrl?: string | undefined;
	/** Of a shop without a bus: where it takes calls of this user's commands. */
	socket?: string | undefined;
	/** Of Kafka; without it the event log is in Postgres. */
	brokers?: readonly string[] | undefined;
	/** Set once all that it runs has started. */
	ready?: boolean | undefined;
	/** Set while it has ended because of a fault in its source, and its launcher waits for a change. */
	ended?: boolean | undefined;
	/** Where this host reaches the gateway, once it accepts requests. */
	url?: string | undefined;
	health?: string | undefined;
	metrics?: string | undefined;
	/** Of a cluster. */
	nodes?: { name: string; metrics?: string | undefined }[];
}

export type Announce = (more: Partial<RunningShop>) => void;

/**
 * Writes down what runs on the data folder, which the caller has locked, until its process ends. The file is readable
 * for its owner only: it has the password of the database.
 * @returns adds to it
 */
export function announce(
	life: Lifecycle,
	{ runFile }: Pick<DataFolder, "runFile">,
	facts: Omit<RunningShop, "pid" | "startedAt">
): Announce {
	let shop: RunningShop = { ...facts, pid: process.pid, startedAt: new Date().toISOString() };
	const add: Announce = more => {
		shop = { ...shop, ...more };
		// Renamed, so that no reader sees half of it.
		writeFileSync(`${runFile}.new`, JSON.stringify(shop), { mode: 0o600 });
		renameSync(`${runFile}.new`, runFile);
	};
	add({});
	life.atEnd(() => rmSync(runFile, { force: true }));
	return add;
}

/** The shop whose launcher holds the lock of this folder; a file without a lock is stale. */
export function runningShop(dataDir: string): RunningShop | undefined {
	if (!existsSync(dataDir)) return undefined;
	const data = new DataFolder(dataDir);
	if (!existsSync(data.runFile) || !data.isLocked()) return undefined;
	try {
		return JSON.parse(readFileSync(data.runFile, "utf8")) as RunningShop;
	} catch (error) {
		// It has stopped in between.
		if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
		throw error;
	}
}

/** As its user typed it. */
export const npmCommand = (command: RunningShop["command"]) =>
	command === "start" ? "npm start" : `npm run ${command}`;

/** Why this shop takes no requests, as a sentence; undefined for one that does. */
export function whyAway({ command, pid, ready, ended }: RunningShop): string | undefined {
	const shop = `The shop of ${npmCommand(command)} (pid ${pid})`;
	if (ended) return `${shop} has ended because of a fault in its source: see its terminal.`;
	return ready ? undefined : `${shop} is starting: try again once it is open.`;
}

/**
 * Where the API of the shop is: given, or of the shop that runs on this data folder, or by HOST and PORT.
 * @throws LaunchError when that shop takes no requests
 */
export function addressOfShop(
	given: string | undefined,
	{ dataDir, gatewayUrl }: { dataDir: string; gatewayUrl: string }
): string {
	if (given !== undefined) return shopUrl(given);
	const here = runningShop(dataDir);
	const why = here && whyAway(here);
	if (why) throw new LaunchError(why);
	return shopUrl(here?.url ?? gatewayUrl);
}
