import {
	createServer as createTcpServer,
	type AddressInfo,
	type Server,
	type Socket
} from "node:net";
import { Networks } from "../../../lib/addresses/network.ts";
import { WebhookClient } from "../../../services/webhook/requests/webhook-client.ts";
import { openReceiver } from "../../support/webhooks/receiver.ts";

/** Requests to servers that misbehave, and to addresses where webhooks may not lead. */

const allowed = new Networks(["127.0.0.1"]);
const clients: WebhookClient[] = [];
const clientOf = (networks = allowed, timeoutMs = 400) => {
	const client = new WebhookClient({ allowed: networks, timeoutMs });
	clients.push(client);
	return client;
};
let server: Server | undefined;

afterEach(async () => {
	for (const client of clients.splice(0)) client.close();
	await new Promise<unknown>(resolve => (server ? server.close(resolve) : resolve(null)));
	server = undefined;
});

/** A server that writes these bytes to each request, and then does something else. */
async function respond(text: string, then: (socket: Socket) => void = () => undefined) {
	server = createTcpServer(socket => {
		socket.on("error", () => undefined);
		socket.once("data", () => socket.write(text, () => then(socket)));
	});
	await new Promise<void>(resolve => server!.listen(0, "127.0.0.1", resolve));
	return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

const end = (socket: Socket) => void socket.end();
const reset = (socket: Socket) => void socket.resetAndDestroy();

describe("a request", () => {
	it.each([
		["an answer that is whole", "200 OK\r\nContent-Length: 2\r\n\r\nok", end, 200, null],
		["a body that does not come", "200 OK\r\nContent-Length: 9\r\n\r\n", undefined, 200, null],
		["a body that is cut", "200 OK\r\nContent-Length: 9\r\n\r\nok", reset, 200, null],
		["a body where none may be", "204 No Content\r\n\r\nwhat is this", end, 204, null],
		[
			"another protocol",
			"101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n",
			undefined,
			101,
			"it answered 101"
		],
		["no status at all", "what\r\n\r\n", end, null, expect.stringContaining("Parse Error")],
		["a reset before the answer", "", reset, null, "the connection was reset"],
		["silence", "", undefined, null, "no answer within 0.4 s"],
		[
			"an early hint, and silence",
			"103 Early Hints\r\n\r\n",
			undefined,
			null,
			"no answer within 0.4 s"
		]
	])("takes %s for what it is", async (_, text, then, status, error) => {
		const url = await respond(text && `HTTP/1.1 ${text}`, then);
		const attempt = await clientOf().post(url, {}, "{}");
		expect(attempt).toMatchObject({ status, error });
	});

	it("is made once more when a kept connection had been closed", async () => {
		let connections = 0;
		server = createTcpServer(socket => {
			const isFirst = connections++ === 0;
			let requests = 0;
			socket.on("error", () => undefined);
			socket.on("data", () => {
				if (isFirst && requests++ > 0) socket.resetAndDestroy();
				else socket.write("HTTP/1.1 204 No Content\r\n\r\n");
			});
		});
		await new Promise<void>(resolve => server!.listen(0, "127.0.0.1", resolve));
		const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
		const client = clientOf();
		for (let n = 0; n < 2; n++)
			expect(await client.post(url, {}, "")).toMatchObject({ status: 204, error: null });
		expect(connections).toBe(2);
	});

	it("ends the connection of a body that has no end", async () => {
		const receiver = await openReceiver();
		const closed = new Promise<void>(resolve => {
			receiver.answer = response => {
				const more = setInterval(() => response.write("x".repeat(10_000)), 1);
				response.on("close", () => (clearInterval(more), resolve()));
			};
		});
		expect(await clientOf().post(receiver.url, {}, "")).toMatchObject({ status: 200 });
		await closed;
		await receiver.close();
	});
});

describe("a connection", () => {
	let connections = 0;
	let port: number;
	beforeEach(async () => {
		connections = 0;
		await respond("HTTP/1.1 204 No Content\r\n\r\n");
		server!.on("connection", () => connections++);
		({ port } = server!.address() as AddressInfo);
	});

	it.each([
		["a name of this host", "https://localhost", new Networks([])],
		["a name of this host, by http", "http://localhost", new Networks(["10.0.0.0/8"])],
		["an address", "https://127.0.0.1", new Networks([])],
		["an address that is not allowed any more", "http://127.0.0.1", new Networks(["10.0.0.0/8"])]
	])("is not made to %s", async (_, origin, networks) => {
		const { status, error } = await clientOf(networks).post(`${origin}:${port}/`, {}, "");
		expect([status, error]).toEqual([null, expect.stringContaining("is no public address")]);
		expect(connections).toBe(0);
	});
});
