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

/** The command line's flags and words; ends the process with the usage when one is unknown. */
export function commandLine<const F extends Flags>(
	usage: string,
	flags: F,
	allowPositionals = false
) {
	endWithReader();
	const options = { ...flags, help: { type: "boolean", short: "h" } } as const;
	try {
		const { values, positionals } = parseArgs({ options, allowPositionals });
		if ((values as { help?: boolean }).help) endWith(usage);
		return { values, positionals };
	} catch (error) {
		return endWith(usage, (error as Error).message);
	}
}

/** Ends the process with the usage because of an invalid argument. */
export function usageError(usage: string, problem: string): never {
	return endWith(usage, problem);
}
