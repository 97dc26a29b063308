import type { IncomingMessage } from "node:http";
import { fail, Failure } from "../../../lib/errors.ts";

const maxBytes = 65_536;
const maxDepth = 32;
const mediaType = /^application\/(?:[\w.-]+\+)?json[ \t]*(?:;[ \t]*charset="?utf-8"?[ \t]*)?$/i;
/** Names by which merging objects could reach a prototype. */
const poisonous = new Set(["__proto__", "constructor", "prototype"]);
const stringLiteral = /"(?:[^"\\]|\\.)*"/g;

function malformed(detail: string): never {
	fail("MALFORMED_JSON", detail);
}

/** Number of members of all nested objects; refuses malicious values. */
function inspect(value: unknown, depth: number): number {
	if (typeof value === "string" && !value.isWellFormed()) malformed("A text is not valid Unicode");
	if (typeof value !== "object" || value === null) return 0;
	if (depth >= maxDepth) malformed(`The nesting is deeper than ${maxDepth}`);
	if (Array.isArray(value)) return value.reduce<number>((n, v) => n + inspect(v, depth + 1), 0);
	return Object.entries(value).reduce((n, [name, member]) => {
		if (poisonous.has(name)) malformed("A member's name is not allowed");
		if (!name.isWellFormed()) malformed("A member's name is not valid Unicode");
		return n + 1 + inspect(member, depth + 1);
	}, 0);
}

/**
 * Strict JSON: UTF-8 without a byte order mark, an object or array, no member twice.
 * @throws MALFORMED_JSON
 */
export function parseJson(bytes: Uint8Array): object {
	let text: string;
	let value: unknown;
	try {
		text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
		value = JSON.parse(text);
	} catch {
		malformed("The body cannot be parsed");
	}
	if (typeof value !== "object" || value === null) malformed("The body must be an object");
	// JSON.parse keeps the last of two members with one name, so fewer members than colons remain.
	const sent = text.replace(stringLiteral, "").split(":").length - 1;
	if (inspect(value, 0) !== sent) malformed("A member occurs twice");
	return value;
}

/** All bytes of the body. Uses listeners, because leaving a `for await` would cut the connection. */
function collect(req: IncomingMessage): Promise<Buffer> {
	return new Promise((resolve, reject) => {
		const chunks: Buffer[] = [];
		let size = 0;
		req.on("data", (chunk: Buffer) => {
			size += chunk.length;
			if (size <= maxBytes) chunks.push(chunk);
			else reject(new Failure("PAYLOAD_TOO_LARGE"));
		});
		req.once("end", () => resolve(Buffer.concat(chunks)));
		req.once("close", () => {
			if (!req.complete) reject(new Failure("MALFORMED_JSON"));
		});
	});
}

function hasBody({ headers }: IncomingMessage): boolean {
	return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

/** The raw body of a request. @throws PAYLOAD_TOO_LARGE */
export async function readBytes(req: IncomingMessage): Promise<Buffer> {
	if (Number(req.headers["content-length"] ?? 0) > maxBytes) fail("PAYLOAD_TOO_LARGE");
	return collect(req);
}

/**
 * The body of a request, parsed.
 * @param optional returns `{}` when there is none
 * @throws UNSUPPORTED_MEDIA_TYPE, PAYLOAD_TOO_LARGE, MALFORMED_JSON
 */
export async function readBody(req: IncomingMessage, optional: boolean): Promise<object> {
	if (optional && !hasBody(req)) return {};
	const { headers } = req;
	if (!mediaType.test(headers["content-type"] ?? ""))
		fail("UNSUPPORTED_MEDIA_TYPE", "Send application/json in UTF-8");
	if ((headers["content-encoding"] ?? "identity") !== "identity")
		fail("UNSUPPORTED_MEDIA_TYPE", "Send the body without a content coding");
	return parseJson(await readBytes(req));
}
