import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { Proxy } from "./proxy.ts";

/** Answers every piece of text with `heard <text>`. */
async function echo(): Promise<Server> {
	const server = createServer(socket =>
		socket.on("error", () => undefined).on("data", text => socket.write(`heard ${text}`))
	).listen(0, "127.0.0.1");
	await once(server, "listening");
	return server;
}

let server: Server;
let proxy: Proxy;
let client: Socket;
let received: string;

async function open(): Promise<Socket> {
	const socket = connect(proxy.port, "127.0.0.1");
	socket.on("error", () => undefined).on("data", text => (received += text));
	await once(socket, "connect");
	return socket;
}

/** Unlike `once`, it also resolves when an error comes first. */
const closed = (socket: Socket) => new Promise(resolve => socket.once("close", resolve));

const until = async (is: () => boolean) => {
	while (!is()) await new Promise(resolve => setTimeout(resolve, 5));
};

beforeEach(async () => {
	received = "";
	server = await echo();
	proxy = await Proxy.open(
		`http://user:secret@127.0.0.1:${(server.address() as AddressInfo).port}`
	);
	client = await open();
	client.write("one");
	await until(() => received === "heard one");
});

afterEach(async () => {
	client.destroy();
	await proxy.close();
	server.close();
});

describe("a proxy", () => {
	it("has the target's URL with its own host, keeping user and password", () => {
		expect(proxy.url).toBe(`http://user:secret@127.0.0.1:${proxy.port}`);
	});

	it("stalls: nothing is forwarded, and nothing is lost", async () => {
		proxy.mode = "stall";
		client.write("two");
		const late = await open();
		late.write("three");
		await new Promise(resolve => setTimeout(resolve, 50));
		expect(received).toBe("heard one");
		proxy.mode = "pass";
		await until(() => /heard two/.test(received) && /heard three/.test(received));
		late.destroy();
	});

	it("resets current and new connections until it passes again", async () => {
		const ended = closed(client);
		proxy.mode = "reset";
		await ended;
		await closed(connect(proxy.port, "127.0.0.1").on("error", () => undefined));
		proxy.mode = "pass";
		client = await open();
		client.write("again");
		await until(() => received.endsWith("heard again"));
	});

	it("half open: the request arrives, its response is lost, and the connection is reset later", async () => {
		let arrived = "";
		server.on("connection", socket => socket.on("data", text => (arrived += text)));
		proxy.mode = "half_open";
		const half = await open();
		half.write("two");
		await until(() => arrived === "two");
		const ended = closed(half);
		proxy.mode = "pass";
		await ended;
		expect(received).toBe("heard one");
	});

	it("is silent on current connections for ever, in both directions and about their end", async () => {
		let ended = 0;
		let arrived = "";
		server.on("connection", socket =>
			socket.on("data", text => (arrived += text)).on("close", () => ended++)
		);
		const silent = await open();
		silent.write("two");
		await until(() => received === "heard oneheard two");
		proxy.silence();
		silent.write("three");
		silent.end();
		client.destroy();
		proxy.mode = "stall";
		proxy.mode = "pass";
		client = await open();
		client.write("four");
		await until(() => received === "heard oneheard twoheard four");
		expect([arrived, ended]).toEqual(["twofour", 0]);
		silent.destroy();
	});

	it("delays without reordering, also when the delay ends", async () => {
		proxy.mode = { delayMs: 40 };
		client.write("two");
		await new Promise(resolve => setTimeout(resolve, 5));
		proxy.mode = "pass";
		client.write("three");
		await until(() => received.includes("three"));
		expect(received).toMatch(/^heard one.*two.*three$/);
	});

	it("follows a server that comes back on another port", async () => {
		const other = await echo();
		proxy.target = new URL(`http://127.0.0.1:${(other.address() as AddressInfo).port}`);
		proxy.cut();
		server.close();
		client = await open();
		client.write("moved");
		await until(() => received.endsWith("heard moved"));
		proxy.cut();
		other.close();
	});
});
