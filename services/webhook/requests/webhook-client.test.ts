import dns from "node:dns";
import { createServer, type AddressInfo, type Server } from "node:net";
import { Networks } from "../../../lib/addresses/network.ts";
import { WebhookClient } from "./webhook-client.ts";

/** A host name whose URL is in order, and that leads to this machine. */

jest.mock("node:dns", () => {
	const real = jest.requireActual<typeof dns>("node:dns");
	return { ...real, lookup: jest.fn() };
});

let server: Server;
let connections = 0;
let port: number;

beforeAll(async () => {
	(dns.lookup as unknown as jest.Mock).mockImplementation(
		(_host: string, _options: object, callback: (error: null, all: object[]) => void) =>
			setImmediate(callback, null, [{ address: "127.0.0.1", family: 4 }])
	);
	server = createServer(socket => {
		connections++;
		socket.on("error", () => undefined);
		socket.once("data", () => socket.end("HTTP/1.1 204 No Content\r\n\r\n"));
	});
	await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
	({ port } = server.address() as AddressInfo);
});
afterAll(() => new Promise(resolve => server.close(resolve)));

async function post(protocol: string, networks: readonly string[]) {
	const client = new WebhookClient({ allowed: new Networks([...networks]), timeoutMs: 2_000 });
	connections = 0;
	const { status, error } = await client.post(`${protocol}//erp.example:${port}/`, {}, "{}");
	client.close();
	return { status, error, connections };
}

describe("a request to a name that leads to a private address", () => {
	it.each(["http:", "https:"])("makes no connection by %s", async protocol => {
		const { error, ...rest } = await post(protocol, ["10.0.0.0/8"]);
		expect(error).toMatch(/^erp\.example: 127\.0\.0\.1 is no public address/);
		expect(rest).toEqual({ status: null, connections: 0 });
	});

	it("is sent when the network is allowed", async () => {
		expect(await post("http:", ["127.0.0.0/8"])).toEqual({
			status: 204,
			error: null,
			connections: 1
		});
	});
});
