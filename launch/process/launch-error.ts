import { EnvironmentError } from "../../config/environment-error.ts";
import { MigrationError } from "../../db/migration-error.ts";
import { driverError, sqlState } from "../../lib/database-error.ts";

/** From sysexits.h, so that scripts can tell the reasons apart. */
export const exitCodes = { failure: 1, usage: 64, configuration: 78 } as const;

/** An error that ends the start, as a sentence that says what to do about it. */
export class LaunchError extends Error {
	readonly exitCode: number;

	constructor(message: string, exitCode: number = exitCodes.failure) {
		super(message);
		this.exitCode = exitCode;
	}
}

export const diskFull =
	"The disk is full: free some space and start again; nothing that was committed is lost.";

/** The variable that named the port, for another try. */
function portTaken(name: string, port: number, command: string | undefined): LaunchError {
	const other = port < 65_535 ? port + 1 : port - 1;
	const words = [`${name}=${other}`, ...(command ? [command] : [])].join(" ");
	return new LaunchError(
		`Port ${port} is taken: stop what listens there, or choose another one: ${words}.`
	);
}

interface Endpoints {
	/** What the user typed, e.g. `npm run dev`; undefined where a launcher started the process. */
	command?: string | undefined;
	host: string;
	/** By the variable that names it. */
	ports: Readonly<Record<string, number | undefined>>;
}

/** The same error as a sentence when it says why the port cannot be listened on. */
export function explainListen(error: unknown, { command, host, ports }: Endpoints): unknown {
	const { code, address, hostname, port } = error as NodeJS.ErrnoException &
		Record<string, unknown>;
	const known = Object.entries(ports).filter(([, wanted]) => wanted !== undefined);
	const [name, wanted] = known.find(([, own]) => own === port) ?? known[0]!;
	if (code === "EADDRINUSE") return portTaken(name, wanted!, command);
	if (address !== host && hostname !== host) return error;
	if (code === "EACCES")
		return new LaunchError(
			`Port ${wanted} is for root alone: choose another one, from 1024 on: ${name}=8080.`
		);
	return new LaunchError(
		`HOST=${host} is no address of this machine (${code}): set HOST to 127.0.0.1, or to 0.0.0.0 for all.`
	);
}

/** A file or folder that this user may not write. */
export function notWritableMessage(path: string, why: string): string {
	return `${path} is not writable (${why}): make it writable for this user, or set DATA_DIR to another folder.`;
}

/** What the system's error codes mean to the user; undefined for a defect. */
function messageFor(error: NodeJS.ErrnoException): string | undefined {
	switch (error.code) {
		case "ENOSPC":
		case "EDQUOT":
			return diskFull;
		case "EACCES":
		case "EPERM":
		case "EROFS":
			return notWritableMessage(error.path ?? "A file", error.code);
		default:
			return undefined;
	}
}

/** Whether no sentence says why. */
export const isDefect = (error: unknown) =>
	!(error instanceof LaunchError || error instanceof EnvironmentError) &&
	messageFor(error as NodeJS.ErrnoException) === undefined;

/** How the process should end for this error; a defect keeps its stack. */
export function explain(error: unknown): { message: string; exitCode: number } {
	if (error instanceof LaunchError) return error;
	if (error instanceof EnvironmentError)
		return { message: error.message, exitCode: exitCodes.configuration };
	const known = messageFor(error as NodeJS.ErrnoException);
	return { message: known ?? (error as Error).stack ?? String(error), exitCode: exitCodes.failure };
}

/** The same for a statement that finds no such table, column or function: 42P01, 42703, 42883. */
export function explainOutdated(error: unknown): unknown {
	if (!["42P01", "42703", "42883"].includes(sqlState(error) ?? "")) return error;
	return new LaunchError(
		"The database is not of this version: npm start or npm run migrate brings it there."
	);
}

/** The same for an error of a database that was named by DATABASE_URL. */
export function explainDatabase(error: unknown, url: string): unknown {
	const { host, pathname, username } = new URL(url);
	const database = pathname.slice(1);
	const { code: given, message } = driverError(error) as NodeJS.ErrnoException;
	// That of pg for a connection that is not made in time has no code.
	const code = given ?? (message === "timeout expired" ? "ETIMEDOUT" : "");
	const sentences: Record<string, string> = {
		ECONNREFUSED: `No Postgres answers at ${host}: start it, or correct DATABASE_URL.`,
		EAI_AGAIN: `The address of ${host} cannot be looked up: correct DATABASE_URL, or the name server of this machine.`,
		ENOTFOUND: `There is no host ${host}: correct DATABASE_URL.`,
		ETIMEDOUT: `Postgres at ${host} does not answer: correct DATABASE_URL, or open the way to it.`,
		"28P01": `Postgres at ${host} refuses the password of ${username}: correct DATABASE_URL.`,
		"28000": `Postgres at ${host} refuses ${username}: correct DATABASE_URL.`,
		"3D000": `There is no database ${database} at ${host}: create it, or correct DATABASE_URL.`,
		"57P03": `Postgres at ${host} is starting up or stopping: try again in a moment.`,
		"42501": `The role ${username} may not prepare the database (${message}): let DATABASE_URL name a role with CREATEROLE that owns the database.`,
		"53100": diskFull,
		"53300": `Postgres at ${host} has no connection left: raise its max_connections.`
	};
	if (code in sentences) return new LaunchError(sentences[code]!);
	if (!(error instanceof MigrationError)) return error;
	const exitCode = error.kind === "refused" ? exitCodes.configuration : exitCodes.failure;
	return new LaunchError(error.message, exitCode);
}
