import type { IncomingHttpHeaders } from "node:http";
import { longestError } from "../../../contracts/webhook.ts";
import { cutText } from "../../../lib/text/cut-text.ts";
import { TargetRefused } from "./guarded-lookup.ts";

const words: Readonly<Record<string, string>> = {
	ECONNREFUSED: "the connection was refused",
	ECONNRESET: "the connection was reset",
	EPIPE: "the connection was closed",
	ENOTFOUND: "the host name is unknown",
	EAI_AGAIN: "the host name could not be looked up",
	EHOSTUNREACH: "the host cannot be reached",
	ENETUNREACH: "the network cannot be reached",
	ETIMEDOUT: "the connection timed out"
};

/** Why a request failed, for the people who look after the endpoint. @param failure a status, or what was thrown */
export function errorInWords(failure: unknown, timeoutMs: number): string {
	if (typeof failure === "number")
		return failure >= 300 && failure < 400
			? `it answered ${failure}: redirects are not followed`
			: `it answered ${failure}`;
	const error = failure as NodeJS.ErrnoException & { errors?: unknown[] };
	if (error instanceof TargetRefused) return cutText(error.message, longestError);
	if (error.name === "TimeoutError" || error.code === "ABORT_ERR")
		return `no answer within ${timeoutMs / 1000} s`;
	// Of a host with several addresses.
	if (error.errors?.[0]) return errorInWords(error.errors[0], timeoutMs);
	return cutText(words[error.code ?? ""] ?? error.message, longestError);
}

/** RFC 9110, section 10.2.3: seconds, or a date, which is compared with the answer's own date. */
export function retryAfterMs({
	"retry-after": value,
	date
}: IncomingHttpHeaders): number | undefined {
	if (value === undefined) return undefined;
	if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
	const ms = Date.parse(value) - Date.parse(date ?? "");
	return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}
