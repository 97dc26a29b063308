import { types } from "node:util";
import { cutText } from "../text/cut-text.ts";
import type { LogField } from "./fields.ts";
import { maskedText } from "./masked-text.ts";

/** Longest text of a member, in code points. Docker and Kubernetes cut a line after 16 KiB into two. */
const longest = 8192;

/** A text as a line of the log has it: without secrets, and not too long. */
export function boundedText(text: string): string {
	// Masked first: half a token is no token to its mask. What is far too long would take long.
	const masked = maskedText(text.length > 4 * longest ? text.slice(0, 4 * longest) : text);
	const cut = cutText(masked, longest);
	return cut.length < masked.length ? `${cut}… (cut)` : cut;
}

export const isError = (value: unknown): value is Error =>
	types.isNativeError(value) || value instanceof Error;

const mostCauses = 5;

/** Its stack and those of its causes. Other members of errors are left out: those of a driver have SQL and data of customers. */
function stackOf(error: Error): string {
	const stacks: string[] = [];
	let current: unknown = error;
	while (isError(current) && stacks.length <= mostCauses) {
		stacks.push(String(current.stack ?? `${current.name}: ${current.message}`));
		current = current.cause;
	}
	if (current !== undefined && !isError(current)) stacks.push(String(current));
	return stacks.join("\nCaused by: ");
}

function codeOf(error: Error): string | undefined {
	const { type, code } = error as { type?: unknown; code?: unknown };
	const known = [type, code].find(one => typeof one === "string" || typeof one === "number");
	return known === undefined ? undefined : String(known);
}

/** An error as members of a line. */
export function errorFields(error: Error): Partial<Record<LogField, string>> {
	const code = codeOf(error);
	return {
		"error.type": boundedText(String(error.name)),
		"error.message": boundedText(String(error.message)),
		...(code !== undefined && { "error.code": boundedText(code) }),
		"error.stack_trace": boundedText(stackOf(error))
	};
}
