import { parseArgs, type ParseArgsConfig } from "node:util";
import { exitCodes } from "./launch-error.ts";

type Flags = NonNullable<ParseArgsConfig["options"]>;

function endWith(usage: string, problem?: string): never {
	if (problem === undefined) {
		console.log(usage);
		process.exit(0);
	}
	console.error(`${problem}\n${usage}`);
	process.exit(exitCodes.usage);
}

/**
 * A reader that ended, as in `npm start | head -1`, is a hang-up: what runs on is stopped in order, and any other
 * command ends without a stack, as it would by SIGPIPE.
 */
function endWithReader(): void {
	let isGone = false;
	const onError = (error: NodeJS.ErrnoException) => {
		// EIO is that of a terminal that was closed. After another error, as on a full disk, lines are lost and the work goes on.
		if (error.code !== "EPIPE" && error.code !== "EIO") return;
		if (isGone) return;
		isGone = true;
		if (!process.emit("SIGHUP", "SIGHUP")) process.exit(exitCodes.failure);
	};
	for (const stream of [process.stdout, process.stderr]) stream.on("error", onError);
}

function parsed<const F extends Flags>(usage: string, options: F, allowPositionals: boolean) {
	try {
		return parseArgs({ args: process.argv.slice(2), options, allowPositionals });
	} catch (error) {
		return endWith(usage, (error as Error).message);
	}
}

/** The command line's flags and words; ends the process with the usage when one is unknown. */
export function commandLine<const F extends Flags>(
	usage: string,
	flags: F,
	allowPositionals = false
) {
	endWithReader();
	const help = { type: "boolean", short: "h" } as const;
	const { values, positionals } = parsed(usage, { ...flags, help }, allowPositionals);
	if ((values as { help?: boolean }).help) endWith(usage);
	return { values, positionals };
}

/** Ends the process with the usage, for a command that hands its arguments on. */
export function printUsage(usage: string): never {
	return endWith(usage);
}

/** Ends the process with the usage because of an invalid argument. */
export function usageError(usage: string, problem: string): never {
	return endWith(usage, problem);
}

/** Ends the process with the usage because of an option that only other commands of the program have. */
export function onlyOptions(
	usage: string,
	given: object,
	command: string,
	options: readonly string[]
): void {
	const other = Object.keys(given).find(name => !options.includes(name));
	if (other) usageError(usage, `--${other} has no meaning for ${command}.`);
}

/** `a, b or c`. */
export const alternatives = (names: readonly string[]) =>
	names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;

/** The word that the user gave, if it is one of these; ends the process with the usage otherwise. */
export function knownWord<W extends string>(usage: string, given: string, words: readonly W[]): W {
	const found = words.find(word => word === given);
	return found ?? usageError(usage, `${given} is not known: it is ${alternatives(words)}.`);
}
