import { format } from "node:util";
import { cutText } from "../text/cut-text.ts";
import { LogContext } from "./line-context.ts";
import { boundedText, errorFields, isError } from "./error-fields.ts";
import { ecsVersion, type LogField } from "./fields.ts";
import { printedValue } from "./printed-value.ts";

/** What all lines of a process say of it. */
export interface LogSource {
	/** Of the node, `shop` if it runs several. */
	service: string;
	version: string;
	/** NODE_ENV. */
	environment: string;
	pid: number;
	/** Id of the node on the bus, once it is known. */
	node?: string;
}

export type LogLevel = "fatal" | "error" | "warn" | "info" | "debug" | "trace";

/** @param logger the part of the node that logs, such as a service */
export type LineWriter = (level: LogLevel, args: readonly unknown[], logger?: string) => string;

type Members = Partial<Record<LogField, string | number | undefined>>;

/** How each line begins, so that a launcher knows those of its nodes. */
const beginning = '{"@timestamp":"';

/** Whether a text is a line of this form already: one whole JSON object, and not a text that begins as one. */
export function isJsonLine(text: string): boolean {
	if (!text.startsWith(beginning) || /[\n\r]/.test(text)) return false;
	try {
		const { message, "log.level": level } = JSON.parse(text) as Members & { "log.level": unknown };
		return typeof message === "string" && typeof level === "string";
	} catch {
		return false;
	}
}

/** Ids come from clients too, in headers and paths. Those of the shop have 36 characters. */
const longestId = 200;
const idOf = (id: string | undefined) => id && cutText(boundedText(id), longestId);

/** The arguments of a log call as one text, as `console.log` puts them together. */
function messageOf(args: readonly unknown[]): string {
	const texts = args
		.filter(arg => !(arg instanceof LogContext))
		.map(arg => (isError(arg) ? String(arg.message) : printedValue(arg)));
	const [first = ""] = texts;
	// Only the first one may be a format, and only if it was a text.
	const isFormat = typeof args[0] === "string" && /%[sdifjoOc%]/.test(first);
	return boundedText((isFormat ? format(...texts) : texts.join(" ")).trim());
}

function membersOf(args: readonly unknown[], logger: string | undefined): Members {
	const context = args.find(arg => arg instanceof LogContext);
	const error = args.find(isError);
	return {
		"log.logger": logger,
		"http.request.id": idOf(context?.requestId),
		"trace.id": idOf(context?.traceId),
		"labels.order_id": idOf(context?.orderId),
		...(error && errorFields(error))
	};
}

/** `,"a":"b"` for each member that is there. */
const rest = (members: Members) => {
	const text = JSON.stringify(members);
	return text === "{}" ? "" : `,${text.slice(1, -1)}`;
};

/** Makes the lines of a process: each a JSON object without a line break, whatever is logged. It never throws. */
export function jsonLines(source: LogSource): LineWriter {
	// The same in each line, so it is made once.
	const ofProcess = rest({
		"ecs.version": ecsVersion,
		"service.name": source.service,
		"service.version": source.version,
		"service.environment": source.environment,
		"service.node.name": source.node,
		"process.pid": source.pid
	});
	const line = (level: LogLevel, message: string, more: string) =>
		`${beginning}${new Date().toISOString()}","log.level":"${level}","message":${JSON.stringify(message)}${ofProcess}${more}}`;
	return (level, args, logger) => {
		try {
			return line(level, messageOf(args), rest(membersOf(args, logger)));
		} catch {
			return line(level, "a line that cannot be shown", rest({ "log.logger": logger }));
		}
	};
}
