import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { oneOf, roles, strictObject, T } from "../lib/schema.ts";
import { Url } from "../contracts/values.ts";
import { config } from "../config/index.ts";
import { errorTable, slug, type ErrorCode, type FailureData } from "../lib/errors.ts";
import { everyAnswer } from "./standard-headers.ts";

/** RFC 9457. `instance` is the request id; quote it when you ask for help. */
export const Problem = strictObject(
	{
		type: Url,
		title: T.String(),
		status: T.Integer(),
		detail: T.Optional(T.String()),
		instance: T.String(),
		code: T.String(),
		required_roles: T.Optional(
			T.Array(oneOf(roles), { description: "With `forbidden`: any of these roles would be let in" })
		),
		errors: T.Optional(
			T.Array(
				strictObject({
					pointer: T.String({ description: "RFC 6901, into the body or the query" }),
					code: T.String(),
					detail: T.String()
				})
			)
		)
	},
	{ title: "Problem" }
);

/** The broker's errors when a service is down, slow or overloaded, and their error codes. */
const brokerErrors: Record<string, ErrorCode> = {
	SERVICE_NOT_FOUND: "UNAVAILABLE",
	SERVICE_NOT_AVAILABLE: "UNAVAILABLE",
	REQUEST_REJECTED: "UNAVAILABLE",
	QUEUE_FULL: "OVERLOADED",
	REQUEST_TIMEOUT: "TIMEOUT",
	REQUEST_SKIPPED: "TIMEOUT",
	UNABLE_DECODE_PARAM: "MALFORMED_PATH"
};

/**
 * The code of any error, by its `type`: classes are not transferred between nodes. Unknown types are internal
 * errors, including a VALIDATION_ERROR of an inner call.
 */
function codeOf(error: unknown): ErrorCode {
	const type = String((error as { type?: unknown } | null)?.type);
	if (Object.hasOwn(errorTable, type)) return type as ErrorCode;
	return Object.hasOwn(brokerErrors, type) ? brokerErrors[type]! : "INTERNAL";
}

const challenge: Partial<Record<ErrorCode, string>> = {
	UNAUTHENTICATED: "Bearer",
	INVALID_CREDENTIALS: "Bearer",
	INVALID_SIGNATURE: "Signature",
	INVALID_TOKEN: 'Bearer error="invalid_token"',
	ACCOUNT_LOCKED: 'Bearer error="invalid_token"'
};
/** Seconds, for failures that do not say so themselves (`retryAfterS`). */
const retryAfter: Partial<Record<ErrorCode, number>> = {
	UNAVAILABLE: 1,
	OVERLOADED: 1,
	TOO_MANY_OPEN_ORDERS: 5,
	TOO_MANY_STREAMS: 5,
	IDEMPOTENCY_KEY_IN_USE: 1
};

/** The URI of a problem type: a page that explains it. */
export const typeOf = (code: ErrorCode) => `${config().publicUrl}/problems/${slug(code)}`;

export interface ProblemAnswer {
	code: ErrorCode;
	status: number;
	headers: Record<string, string>;
	body: string;
}

/** The problem of an error. Internal errors (5xx) have only a title. */
export function toProblem(error: unknown, requestId: string): ProblemAnswer {
	const code = codeOf(error);
	const [status, title] = errorTable[code];
	const data = ((error as { data?: FailureData } | null)?.data ?? {}) as FailureData;
	const { detail, errors, requiredRoles, retryAfterS = retryAfter[code] } = data;
	const problem = {
		type: typeOf(code),
		title,
		status,
		...(status < 500 && detail && { detail }),
		instance: `urn:request:${requestId}`,
		code: slug(code),
		...(status < 500 && requiredRoles && { required_roles: requiredRoles }),
		...(status < 500 && errors && errors.length > 0 && { errors })
	};
	return {
		code,
		status,
		headers: {
			"Content-Type": "application/problem+json",
			"Cache-Control": "no-store",
			...(challenge[code] && { "WWW-Authenticate": challenge[code] }),
			...(retryAfterS !== undefined && { "Retry-After": String(retryAfterS) })
		},
		body: JSON.stringify(problem)
	};
}

/** Responds with the problem of an error, under a new request id. */
export function sendProblem(req: IncomingMessage, res: ServerResponse, error: unknown): void {
	const requestId = randomUUID();
	const { status, headers, body } = toProblem(error, requestId);
	// Called before the parser has come to the end of a request without a body.
	const hasBody = "content-length" in req.headers || "transfer-encoding" in req.headers;
	if (hasBody && !req.complete) res.setHeader("Connection", "close");
	res.setHeaders(everyAnswer).setHeader("X-Request-ID", requestId);
	res.writeHead(status, { ...headers, "Content-Length": String(Buffer.byteLength(body)) });
	res.end(req.method === "HEAD" ? undefined : body);
}
