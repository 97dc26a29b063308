import { generateKeyPairSync } from "node:crypto";
import { connect } from "node:net";
import { text as textOf } from "node:stream/consumers";
import type { ServiceBroker } from "moleculer";
import { nodeUrls } from "../../launch/shop/broker.ts";
import gateway from "../../services/gateway/gateway.service.ts";
import { startNode } from "../support/servers/start-node.ts";

/** Sends bytes on a connection of their own, and reads all that comes back. */
async function exchange(url: string, bytes: string) {
	const { hostname, port } = new URL(url);
	const socket = connect(Number(port), hostname);
	socket.write(bytes);
	const text = await textOf(socket);
	const [head = "", body = ""] = text.split("\r\n\r\n", 2);
	const header = (name: string) => new RegExp(`^${name}: (.*)$`, "im").exec(head)?.[1]?.trim();
	return {
		status: Number(head.split(" ")[1]),
		header,
		body,
		responses: text.split("HTTP/1.1 ").length - 1
	};
}

const close = "Connection: close\r\n";
const padding = (count: number) =>
	Array.from({ length: count }, (_, n) => `x-${n}: 1\r\n`).join("");

/** `{host}` is the shop's own. */
const table: [what: string, bytes: string, status: number, code: string | undefined][] = [
	["one Host", `GET /health/live HTTP/1.1\r\nHost: {host}\r\n${close}\r\n`, 200, undefined],
	[
		"the absolute form",
		`GET http://{host}/health/live HTTP/1.1\r\nHost: {host}\r\n${close}\r\n`,
		200,
		undefined
	],
	["HTTP/1.0 without Host", "GET /health/live HTTP/1.0\r\n\r\n", 200, undefined],
	[
		"an upgrade that is not offered",
		`GET /health/live HTTP/1.1\r\nHost: {host}\r\nConnection: close, Upgrade\r\nUpgrade: websocket\r\n\r\n`,
		200,
		undefined
	],
	[
		"two Hosts",
		`GET /health/live HTTP/1.1\r\nHost: {host}\r\nHost: evil\r\n\r\n`,
		400,
		"malformed-request"
	],
	["no Host", "GET /health/live HTTP/1.1\r\n\r\n", 400, "malformed-request"],
	[
		"a target of another host",
		`GET http://evil/health/live HTTP/1.1\r\nHost: {host}\r\n\r\n`,
		400,
		"malformed-request"
	],
	[
		"a slash at the end",
		`GET /health/live/ HTTP/1.1\r\nHost: {host}\r\n${close}\r\n`,
		404,
		"not-found"
	],
	["the asterisk", `OPTIONS * HTTP/1.1\r\nHost: {host}\r\n${close}\r\n`, 404, "not-found"],
	[
		"300 headers",
		`GET /health/live HTTP/1.1\r\nHost: {host}\r\n${padding(300)}\r\n`,
		431,
		"headers-too-large"
	],
	[
		"two Hosts behind 1,200 headers",
		`GET /health/live HTTP/1.1\r\n${padding(1200)}Host: {host}\r\nHost: evil\r\n\r\n`,
		431,
		"headers-too-large"
	],
	[
		"a large header",
		`GET /health/live HTTP/1.1\r\nHost: {host}\r\nx: ${"a".repeat(20_000)}\r\n\r\n`,
		431,
		"headers-too-large"
	],
	[
		"an expectation",
		`GET /health/live HTTP/1.1\r\nHost: {host}\r\nExpect: x\r\n${close}\r\n`,
		417,
		"expectation-failed"
	],
	[
		"a body that does not come, at a path that is none",
		`POST /nowhere HTTP/1.1\r\nHost: {host}\r\nContent-Length: 5\r\n\r\nab`,
		404,
		"not-found"
	],
	[
		"a body that is too large, before it is sent",
		`POST /api/v1/auth/login HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: 200000000\r\nExpect: 100-continue\r\n\r\n`,
		413,
		"payload-too-large"
	],
	[
		"a body that is asked for at a path that is none",
		`POST /nowhere HTTP/1.1\r\nHost: {host}\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n`,
		404,
		"not-found"
	],
	[
		"HTTP/2.0",
		`GET /health/live HTTP/2.0\r\nHost: {host}\r\n${close}\r\n`,
		400,
		"malformed-request"
	],
	[
		"HTTP/1.2",
		`GET /health/live HTTP/1.2\r\nHost: {host}\r\n${close}\r\n`,
		400,
		"malformed-request"
	],
	["CONNECT", `CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n\r\n`, 501, "method-not-implemented"],
	["an unknown method", `FOO / HTTP/1.1\r\nHost: {host}\r\n\r\n`, 400, "malformed-request"],
	["HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "malformed-request"],
	["TLS", "\x16\x03\x01\x02\x00\x01", 400, "malformed-request"],
	[
		"a length and chunks",
		`POST /api/v1/orders HTTP/1.1\r\nHost: {host}\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
		400,
		"malformed-request"
	],
	[
		"two lengths",
		`POST /api/v1/orders HTTP/1.1\r\nHost: {host}\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n`,
		400,
		"malformed-request"
	],
	[
		"a list of lengths",
		`POST /api/v1/orders HTTP/1.1\r\nHost: {host}\r\nContent-Length: 5, 5\r\n\r\n`,
		400,
		"malformed-request"
	],
	[
		"a signed length",
		`POST /api/v1/orders HTTP/1.1\r\nHost: {host}\r\nContent-Length: +5\r\n\r\n`,
		400,
		"malformed-request"
	],
	[
		"a coding that is not chunked",
		`POST /api/v1/orders HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: identity\r\n\r\n`,
		400,
		"malformed-request"
	],
	[
		"a space before the colon",
		`GET /health/live HTTP/1.1\r\nHost : {host}\r\n\r\n`,
		400,
		"malformed-request"
	],
	[
		"a folded header",
		`GET /health/live HTTP/1.1\r\nHost: {host}\r\nx: a\r\n b\r\n\r\n`,
		400,
		"malformed-request"
	],
	[
		"a zero byte in a header",
		`GET /health/live HTTP/1.1\r\nHost: {host}\r\nx: a\0b\r\n\r\n`,
		400,
		"malformed-request"
	],
	[
		"a size of a chunk that is none",
		`POST /api/v1/orders HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n`,
		400,
		"malformed-request"
	]
];

/** Requests that two parts of a chain could read differently, and those to which Node alone would respond. */
describe("the gateway", () => {
	let broker: ServiceBroker;

	beforeAll(async () => {
		const { publicKey } = generateKeyPairSync("ed25519");
		const TOKEN_PUBLIC_KEY = publicKey.export({ type: "spki", format: "pem" }) as string;
		broker = await startNode([gateway], { TOKEN_PUBLIC_KEY, LOG_LEVEL: "fatal" });
	});
	afterAll(() => broker.stop());

	it.each(table)("responds to a request with %s", async (_, bytes, status, code) => {
		const url = nodeUrls(broker).shop!;
		const answer = await exchange(url, bytes.replaceAll("{host}", new URL(url).host));
		expect([answer.status, answer.responses]).toEqual([status, 1]);
		expect(answer.header("x-content-type-options")).toBe("nosniff");
		expect(answer.header("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
		expect(answer.header("connection")).toBe("close");
		expect(answer.header("date")).toBeDefined();
		if (code === undefined) return;
		expect(answer.header("content-type")).toBe("application/problem+json");
		expect(JSON.parse(answer.body)).toMatchObject({ status, code });
	});
});
