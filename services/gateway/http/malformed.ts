import { randomUUID } from "node:crypto";
import type { Socket } from "node:net";
import { Failure, type ErrorCode } from "../../../lib/errors.ts";
import { toProblem } from "./problem.ts";

/** Errors of Node's parser, and their error codes. */
const codes: Record<string, ErrorCode> = {
	HPE_HEADER_OVERFLOW: "HEADERS_TOO_LARGE",
	ERR_HTTP_REQUEST_TIMEOUT: "REQUEST_TOO_SLOW"
};

/** Responds to bytes that are not a valid request, and closes the connection. */
export function rejectMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
	if (!socket.writable || error.code === "ECONNRESET") return void socket.destroy();
	const code = codes[error.code ?? ""] ?? "MALFORMED_REQUEST";
	const { status, headers, body } = toProblem(new Failure(code), randomUUID());
	const lines = Object.entries({
		...headers,
		"Content-Length": String(Buffer.byteLength(body)),
		Connection: "close"
	}).map(([name, value]) => `${name}: ${value}\r\n`);
	// The reason phrase may be empty (RFC 9112, section 4).
	socket.end(`HTTP/1.1 ${status} \r\n${lines.join("")}\r\n${body}`);
}
