import { hash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Document } from "../../../contracts/gateway.ts";
import { Failure } from "../../../lib/errors.ts";
import type { Operation } from "../operations.ts";
import type { ActionRequest } from "./action-request.ts";

/** What a request gets whose path no operation has, unless it is malformed. */
export function unknownPath(error: unknown): unknown {
	const isMissing = (error as { type?: unknown } | null)?.type === "NOT_FOUND";
	return isMissing ? new Failure("NOT_FOUND", { detail }) : error;
}
const detail = "There is no such path; /docs lists those that there are";

export interface Answer {
	status: number;
	headers: Record<string, string>;
	body: string | Uint8Array;
}

type Fields = Record<string, unknown>;

/**
 * A tag of the exact bytes, so it also changes with members that have no version (stock). It begins with the
 * resource's version, which is all that `If-Match` compares.
 */
function entityTag(result: Fields, body: string | Uint8Array): string {
	const version = typeof result.version === "number" ? `${result.version}-` : "";
	return `"${version}${hash("sha256", body, "base64url").slice(0, 22)}"`;
}

function fill(template: string, values: Fields): string {
	return template.replace(/\{(\w+)\}/g, (_, name: string) =>
		encodeURIComponent(String(values[name]))
	);
}

/** The next page of the same list (RFC 8288). */
function linkToNext(url: string, cursor: string): string {
	const next = new URL(url, "http://localhost");
	next.searchParams.set("cursor", cursor);
	return `<${next.pathname}${next.search}>; rel="next"`;
}

function headersOf(
	operation: Operation,
	{ params, notes }: ActionRequest,
	result: Fields,
	url: string
) {
	const { location, cache, policy, vary } = operation;
	return {
		...(location && { Location: fill(location, result) }),
		...(cache && { "Cache-Control": cache, Vary: "Authorization" }),
		...(vary && { Vary: vary }),
		...(policy && { "Content-Security-Policy": policy }),
		...(typeof result.next_cursor === "string" && { Link: linkToNext(url, result.next_cursor) }),
		...(params.wait_s !== undefined && { "Preference-Applied": `wait=${params.wait_s as number}` }),
		...(notes.length > 0 && { "X-Demo-Mode": notes.join("; ") })
	};
}

/** The response to a request whose action returned `result`. @param replayed it is the stored one of an earlier request */
export function answerOf(
	operation: Operation,
	request: ActionRequest,
	{ result: given, replayed, url }: { result: unknown; replayed: boolean; url: string }
): Answer {
	const { member, media, unless, status = 200 } = operation;
	const result = (member ? (given as Fields)[member] : given) as Fields;
	const document = media ? (result as Document) : undefined;
	const body = document?.body ?? JSON.stringify(result);
	return {
		status: unless?.when(result) ? unless.status : status,
		headers: {
			"Content-Type": document?.type ?? "application/json; charset=utf-8",
			...headersOf(operation, request, result, url),
			...(operation.etag && { ETag: entityTag(result, body) }),
			...(replayed && { "Idempotent-Replayed": "true" })
		},
		body
	};
}

/** True when the client has these exact bytes (weak comparison, RFC 9110, section 13.1.2). */
function isHeld({ method, headers }: IncomingMessage, tag: string | undefined): boolean {
	const condition = headers["if-none-match"];
	if (!condition || !tag || (method !== "GET" && method !== "HEAD")) return false;
	return condition === "*" || condition.split(",").some(t => t.trim().replace(/^W\//, "") === tag);
}

/**
 * Writes the response.
 * @param closing close the connection after it, which is done too when the rest of the request has not arrived: it would
 * be taken for the next request, or get a second response when it is late
 */
export function send(
	req: IncomingMessage,
	res: ServerResponse,
	{ status, headers, body }: Answer,
	closing: boolean
): void {
	if (closing || !req.complete) res.setHeader("Connection", "close");
	if (isHeld(req, headers.ETag)) {
		const kept = Object.entries(headers).filter(([name]) => name !== "Content-Type");
		res.writeHead(304, Object.fromEntries(kept)).end();
	} else {
		const length = typeof body === "string" ? Buffer.byteLength(body) : body.byteLength;
		res.writeHead(status, { ...headers, "Content-Length": String(length) });
		res.end(req.method === "HEAD" ? undefined : body);
	}
}
