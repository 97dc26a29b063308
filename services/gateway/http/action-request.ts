import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { fail, type ValidationIssue } from "../../../lib/errors.ts";
import { coerce, validate } from "../../../lib/validator.ts";
import { readBody, readBytes } from "./json-body.ts";
import type { Caller } from "../auth/caller.ts";
import { headerOf, type HeaderParameter, type Operation } from "../operations.ts";

/** The action and parameters of a request, and what demo mode added. */
export interface ActionRequest {
	params: Record<string, unknown>;
	/** Phrases for `X-Demo-Mode`. */
	notes: string[];
}

export interface Sources {
	req: IncomingMessage;
	path: Record<string, string>;
	/** The raw path and query. */
	url: string;
	caller: Caller;
}

const maxWaitS = 10;
const entityTag = /^(W\/)?"([\x21\x23-\x7e]*)"$/;

/** The version at the start of our entity tag. @throws MALFORMED_HEADER, STALE_VERSION */
function versionIn(ifMatch: string): number | undefined {
	if (ifMatch.trim() === "*") return undefined;
	const [, weak, opaque] = entityTag.exec(ifMatch.trim()) ?? [];
	if (opaque === undefined) fail("MALFORMED_HEADER", "If-Match takes one entity tag, or *");
	const version = /^([1-9]\d{0,8})-/.exec(opaque)?.[1];
	// A weak tag never matches (RFC 9110, section 13.1.1), nor does one that is not ours.
	return weak || !version ? fail("STALE_VERSION") : Number(version);
}

/** Of what has no entity tag, no tag can match: a condition that was ignored could overwrite what it protects. */
function refuseCondition({ method }: Operation, { headers }: IncomingMessage): void {
	const ifMatch = headers["if-match"]?.trim();
	if (method === "GET" || ifMatch === undefined || ifMatch === "*") return;
	fail("STALE_VERSION", "This request takes no If-Match: what it changes has no entity tag");
}

/** Seconds of `Prefer: wait`, at most 10. RFC 7240 lets a server ignore what it cannot parse. */
function waitIn(prefer: string): number | undefined {
	const wait = /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,9})"?\s*(?=$|[,;])/i.exec(prefer)?.[1];
	return wait === undefined ? undefined : Math.min(Number(wait), maxWaitS);
}

/** @throws MALFORMED_HEADER */
function eventIn(lastEventId: string): number {
	if (/^(0|[1-9]\d{0,14})$/.test(lastEventId)) return Number(lastEventId);
	return fail("MALFORMED_HEADER", "Last-Event-ID takes the id of an event of this stream");
}

function keyIn(header: string | undefined, { action }: Operation, demo: boolean, notes: string[]) {
	if (header === undefined && !action.params.required?.includes("idempotency_key"))
		return undefined;
	if (header === undefined && demo) {
		notes.push("idempotency key generated");
		return randomUUID();
	}
	if (header === undefined) fail("IDEMPOTENCY_KEY_MISSING");
	const schema = action.params.properties.idempotency_key!;
	if (validate(schema, header).length > 0)
		fail("IDEMPOTENCY_KEY_MALFORMED", "1 to 255 visible ASCII characters");
	return header;
}

function headerParameter(
	name: HeaderParameter,
	operation: Operation,
	from: Sources,
	request: ActionRequest
) {
	const header = from.req.headers[headerOf[name].toLowerCase()] as string | undefined;
	if (name === "idempotency_key") return keyIn(header, operation, from.caller.demo, request.notes);
	if (header === undefined) return undefined;
	if (name === "signature" || name === "accept") return header;
	if (name === "last_event_id") return eventIn(header);
	return name === "version" ? versionIn(header) : waitIn(header);
}

/** In demo mode the payment method is optional. */
function demoBody(
	body: object,
	{ inBody }: Operation,
	{ caller }: Sources,
	request: ActionRequest
): object {
	if (!caller.demo || !inBody?.properties.payment_method || "payment_method" in body) return body;
	request.notes.push("paid with pm_card_visa");
	return { ...body, payment_method: "pm_card_visa" };
}

export function actingNote({ user }: Caller): string {
	return `acting as ${user!.id}`;
}

/**
 * Parses the raw query: moleculer-web's parser silently drops names like `constructor`, and turns `a[b]` into
 * an object. A repeated name becomes an array, which no parameter accepts.
 */
function queryOf(url: string): Record<string, unknown> {
	const query: Record<string, unknown> = Object.create(null);
	const mark = url.indexOf("?");
	for (const [name, value] of new URLSearchParams(mark < 0 ? "" : url.slice(mark)))
		query[name] = name in query ? [query[name], value].flat() : value;
	return query;
}

/**
 * Takes every parameter from its one source, so that none can be given twice, and validates it.
 * @throws NOT_FOUND, MALFORMED_HEADER, IDEMPOTENCY_KEY_MISSING, IDEMPOTENCY_KEY_MALFORMED,
 * UNSUPPORTED_MEDIA_TYPE, PAYLOAD_TOO_LARGE, MALFORMED_JSON, VALIDATION_FAILED, STALE_VERSION
 */
export async function parseRequest(operation: Operation, from: Sources): Promise<ActionRequest> {
	const { inPath, inQuery, inHeaders, inBody, payload } = operation;
	if (coerce(inPath, from.path).length > 0) fail("NOT_FOUND");
	const request: ActionRequest = { params: { ...from.path }, notes: [] };
	if (from.caller.demo) request.notes.push(actingNote(from.caller));
	for (const name of inHeaders) {
		const value = headerParameter(name, operation, from, request);
		if (value !== undefined) request.params[name] = value;
	}
	if (!inHeaders.includes("version")) refuseCondition(operation, from.req);
	const query = queryOf(from.url);
	const found: ValidationIssue[] = coerce(inQuery, query);
	Object.assign(request.params, query);
	if (inBody) {
		const sent = await readBody(from.req, !inBody.required?.length);
		const body = Array.isArray(sent) ? sent : demoBody(sent, operation, from, request);
		found.push(...validate(inBody, body));
		Object.assign(request.params, body);
	}
	if (found.length > 0) fail("VALIDATION_FAILED", undefined, found);
	if (payload) request.params[payload] = (await readBytes(from.req)).toString("base64");
	return request;
}
