import { styleText } from "node:util";

/** Of Moleculer's formatter "short": `[02:05:48.954Z] INFO  METRICS: Service 'metrics' started.` */
const form = /^\[(\d\d:\d\d:\d\d)\.\d{3}Z\] (\w+) +([^ :]+): (.*)$/;

/** What each start says, and no change of the source changes. */
const routine = /^(BROKER|REGISTRY|METRICS|DISCOVERER)$/;
const isRoutine = (module: string, text: string) =>
	routine.test(module) || /^Service '\w+' (started|stopped)\.$/.test(text);

const colours = {
	FATAL: "red",
	ERROR: "red",
	WARN: "yellow",
	DEBUG: "gray",
	TRACE: "gray"
} as const;

/** The colour of an HTTP status in a line of the gateway. */
function withStatus(text: string): string {
	return text.replace(/ ([1-5])(\d\d) /, (_, kind: string, rest: string) => {
		const colour = kind === "5" ? "red" : kind === "4" ? "yellow" : "green";
		return ` ${styleText(colour, kind + rest)} `;
	});
}

/**
 * A line of the log for a developer's terminal: time, level, service and text in columns, coloured; undefined for one
 * that each start or stop prints. Other output stays as it is.
 */
export function logLine(line: string, isColoured: boolean): string | undefined {
	if (/^(ready: |Stopping: )/.test(line)) return undefined;
	const [, time, level = "", module = "", text = ""] = form.exec(line) ?? [];
	if (!time) return line;
	if (level === "INFO" && isRoutine(module, text)) return undefined;
	const name = module.toLowerCase().padEnd(12);
	if (!isColoured) return `${time} ${level.padEnd(5)} ${name} ${text}`;
	const colour = colours[level as keyof typeof colours];
	const shown = colour ? styleText(colour, level.padEnd(5)) : level.padEnd(5);
	return `${styleText("gray", time)} ${shown} ${styleText("cyan", name)} ${withStatus(text)}`;
}
