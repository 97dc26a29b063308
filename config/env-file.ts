import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseEnv } from "node:util";
import { variables, type Source } from "./env.ts";
import { EnvironmentError } from "./environment-error.ts";
import type { Variable } from "./variable.ts";

/** A file of settings that was read at the start. */
export interface EnvFile {
	/** Absolute. */
	path: string;
	/** Those that the file sets, because the environment does not. */
	names: string[];
	/** One sentence for each line that has no effect. */
	warnings: string[];
}

/** Node reads these before this file is read. */
const tooLate = /^NODE_(OPTIONS|EXTRA_CA_CERTS|COMPILE_CACHE)$/;
/** Variables of the shop in part, read by Node and the libraries. */
const foreign = /^(AWS_|PG[A-Z]+$|NODE_|NO_COLOR$|FORCE_COLOR$|TZ$|HTTPS?_PROXY$|NO_PROXY$)/i;

/** All names under which each variable may be given; a value under one of them is a value of the variable. */
const namesOf: ReadonlyMap<string, readonly string[]> = new Map(
	Object.entries<Variable>(variables).flatMap(([name, { secret, formerName }]) => {
		const names = [name, formerName ?? []]
			.flat()
			.flatMap(one => (secret ? [one, `${one}_FILE`] : [one]));
		return names.map(one => [one, names] as const);
	})
);

/** Anything else may be a part of a secret that was meant to be a value, so it is not printed. */
const printable = /^[A-Z][A-Z0-9_]*$/;

/** Names that are not read any more: the reader of the environment warns about them. */
const retired: ReadonlySet<string> = new Set(
	Object.values<Variable>(variables).flatMap(({ secret, retiredName: name }) =>
		name === undefined ? [] : secret ? [name, `${name}_FILE`] : [name]
	)
);

const isRead = (name: string) => namesOf.has(name) || foreign.test(name);

function warningOf(name: string, isGiven: boolean): string[] {
	if (tooLate.test(name)) return [`${name} has no effect there: set it in the environment`];
	if (isGiven) return [`${name} is ignored, because the environment sets it too`];
	if (isRead(name) || retired.has(name)) return [];
	return [printable.test(name) ? `${name} is no setting of the shop` : "a line is no NAME=value"];
}

/** What the file means beside the environment, whose values go first. */
export function parseEnvFile(
	text: string,
	environment: Source
): Omit<EnvFile, "path"> & { values: Record<string, string> } {
	const entries = Object.entries(parseEnv(text) as Record<string, string>);
	const isGiven = (name: string) =>
		(namesOf.get(name) ?? [name]).some(one => Boolean(environment[one]));
	const taken = entries.filter(([name, value]) => !isGiven(name) && value !== "");
	return {
		values: Object.fromEntries(taken),
		names: taken.flatMap(([name]) => (isRead(name) ? name : [])),
		warnings: entries.flatMap(([name]) => warningOf(name, isGiven(name)))
	};
}

let found: EnvFile | undefined;

/** The file that `readEnvFile` has read. */
export const envFile = () => found;

/**
 * Reads ENV_FILE, or `.env` in the current folder if there is one, into the environment, once.
 * @throws EnvironmentError when the file that ENV_FILE names cannot be read
 */
export function readEnvFile(environment: NodeJS.ProcessEnv): void {
	if (found) return;
	const named = environment.ENV_FILE;
	const path = resolve(named || ".env");
	if (!named && !existsSync(path)) return;
	let text: string;
	try {
		text = readFileSync(path, "utf8");
	} catch (error) {
		throw new EnvironmentError([
			`${named ? "ENV_FILE" : ".env"}: cannot be read: ${(error as Error).message}`
		]);
	}
	const { values, ...facts } = parseEnvFile(text, environment);
	Object.assign(environment, values);
	found = { path, ...facts };
}
