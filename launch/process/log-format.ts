import type { Config } from "../../config/index.ts";
import { logSource } from "../../lib/log/source.ts";
import { isJsonLine, jsonLines, type LineWriter, type LogLevel } from "../../lib/log/json-lines.ts";

/** The log of a process as JSON: every line that it prints, whatever prints it. */

let line: LineWriter | undefined;

const print = (text: string) => void process.stdout.write(`${text}\n`);

/** Prints a line of another process or of the broker as it is, and any other text as one of this process. */
function printAs(level: LogLevel, args: readonly unknown[]): void {
	const [first] = args;
	const isLine = args.length === 1 && typeof first === "string" && isJsonLine(first);
	print(isLine ? first : line!(level, args));
}

/** Whether the log of this process is JSON. */
export const isLogJson = () => line !== undefined;

/** Why this process ends. */
export const printFatal = (...args: readonly unknown[]) => print(line!("fatal", args));

const levels = { log: "info", info: "info", warn: "warn", error: "error", debug: "debug" } as const;

type Settings = Pick<Config, "services" | "environment" | "logFormat">;

/**
 * From now on this process prints JSON, if LOG_FORMAT says so: what it and its libraries print by `console`, warnings of
 * Node, and errors that nothing caught, which end it as Node does. What is refused before its settings are read is text.
 */
export function useLogFormat(settings: Settings): void {
	if (settings.logFormat !== "json" || line) return;
	line = jsonLines(logSource(settings));
	for (const [name, level] of Object.entries(levels))
		console[name as keyof typeof levels] = (...args: unknown[]) => printAs(level, args);
	// Without a listener they were switched off (--no-warnings).
	if (process.listenerCount("warning") > 0)
		process.removeAllListeners("warning").on("warning", warning => printAs("warn", [warning]));
	process.on("uncaughtException", error => {
		printFatal("uncaught:", error);
		process.exit(1);
	});
}

/** Lines of this process name its node from now on. @param node its id on the bus */
export function nameNode(settings: Settings, node: string): void {
	if (line) line = jsonLines({ ...logSource(settings), node });
}
