import { randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { Failure, type ErrorCode } from "../lib/errors.ts";
import { toProblem } from "./problem.ts";
import { everyAnswer } from "./standard-headers.ts";

/** Errors of Node's parser, and their error codes. */
const codes: Record<string, ErrorCode> = {
	HPE_HEADER_OVERFLOW: "HEADERS_TOO_LARGE",
	HPE_CHUNK_EXTENSIONS_OVERFLOW: "PAYLOAD_TOO_LARGE",
	ERR_HTTP_REQUEST_TIMEOUT: "REQUEST_TOO_SLOW"
};

/** A client that goes on sending gets this long to read the response, in ms; a reset would lose it. */
const lingerMs = 1000;

/**
 * Writes a response to a connection that Node's parser has given up, and closes it. After `end` alone it would stay
 * half open for as long as the client likes.
 */
function closeWith(socket: Duplex, code: ErrorCode): void {
	const requestId = randomUUID();
	const { status, headers, body } = toProblem(new Failure(code), requestId);
	const lines = Object.entries({
		"X-Request-ID": requestId,
		...Object.fromEntries(everyAnswer),
		...headers,
		Date: new Date().toUTCString(),
		"Content-Length": String(Buffer.byteLength(body)),
		Connection: "close"
	}).map(([name, value]) => `${name}: ${value}\r\n`);
	// The reason phrase may be empty (RFC 9112, section 4).
	socket.end(`HTTP/1.1 ${status} \r\n${lines.join("")}\r\n${body}`);
	socket.resume();
	const cut = setTimeout(() => socket.destroy(), lingerMs);
	socket.once("close", () => clearTimeout(cut));
}

/** Node reports each further piece of malformed bytes. */
const lastOnes = new WeakSet<ServerResponse>();

/** Makes a response the last one of its connection. A stream has no end to wait for, so it is cut. */
function closeAfter(response: ServerResponse, socket: Socket): void {
	if (!response.headersSent) return void response.setHeader("Connection", "close");
	if (!response.writableEnded) return void socket.destroy();
	if (lastOnes.has(response)) return;
	lastOnes.add(response);
	response.once("finish", () => socket.destroySoon());
}

/**
 * Responds to bytes that are not a valid request, and closes the connection.
 * @param pending responses to earlier requests on this connection, or to the one of which these bytes are the body
 */
export function rejectMalformed(
	error: NodeJS.ErrnoException,
	socket: Duplex,
	pending: readonly ServerResponse[]
): void {
	if (!socket.writable || error.code === "ECONNRESET") return void socket.destroy();
	// The client would take ours for the response to an earlier request, which is sent instead, as the last one.
	const earlier = pending.filter(({ req }) => req.complete).at(-1);
	if (earlier) return closeAfter(earlier, socket as Socket);
	// A response that has started cannot be replaced.
	if (pending.at(-1)?.headersSent) return void socket.destroy();
	closeWith(socket, codes[error.code ?? ""] ?? "MALFORMED_REQUEST");
}

/**
 * Responds to CONNECT: the shop is no proxy.
 * @param pending responses to earlier requests on this connection, of which the last ends it
 */
export function rejectConnect(socket: Socket, pending: readonly ServerResponse[]): void {
	socket.on("error", () => socket.destroy());
	const last = pending.at(-1);
	if (last) closeAfter(last, socket);
	else closeWith(socket, "METHOD_NOT_IMPLEMENTED");
}
