import { once } from "node:events";
import type { RequestListener, ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import { Networks } from "../../../lib/addresses/network.ts";
import { poll } from "../../../lib/retry.ts";
import type { ConnectionObserver, DroppedConnection } from "./connections.ts";
import { HttpServer, type ServerLimits } from "./http-server.ts";

const none: ServerLimits = {
	keepAliveMs: 60_000,
	headMs: 60_000,
	requestMs: 60_000,
	stallMs: 60_000,
	checkEveryMs: 20,
	maxConnections: 100,
	maxConnectionsOfNetwork: 0,
	trustedProxies: new Networks([])
};

/** A client's connection, with what it has read and whether it has ended. */
class Peer {
	readonly socket: Socket;
	text = "";
	isClosed = false;

	constructor(port: number, reads = true) {
		this.socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
		this.socket.on("error", () => undefined);
		this.socket.once("close", () => (this.isClosed = true));
		if (reads) this.socket.on("data", chunk => (this.text += chunk));
	}

	/** Resolves also when the server refuses it. */
	async connected(): Promise<this> {
		await Promise.race([once(this.socket, "connect"), once(this.socket, "close")]).catch(() => {});
		return this;
	}

	send(text: string): this {
		this.socket.write(text);
		return this;
	}

	/** Waits until it has read so many responses. */
	async answers(count: number): Promise<string[]> {
		const found = () => this.text.match(/HTTP\/1\.1 \d{3}.*$/gm) ?? [];
		await poll(() => found().length >= count || this.isClosed, { everyMs: 5, withinMs: 20_000 });
		return found();
	}

	async ended(): Promise<boolean> {
		return poll(() => this.isClosed || this.socket.readableEnded, { everyMs: 5, withinMs: 20_000 });
	}
}

const ok: RequestListener = (_req, res) => res.end("ok");
const get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
const isAnswered = async (peer: Peer) => (await peer.send(get).answers(1)).length === 1;

describe("a server", () => {
	let server: HttpServer;
	let peers: Peer[] = [];
	/** What the server still has open: of those that it has ended it must keep nothing. */
	const accepted = new Set<Socket>();

	const start = async (limits: Partial<ServerLimits>, handler = ok) => {
		server = new HttpServer(handler, { ...none, ...limits });
		server.onConnection(socket => {
			accepted.add(socket);
			socket.once("close", () => accepted.delete(socket));
		});
		await server.listen(0, "127.0.0.1");
	};
	const peer = async (reads = true) => {
		const made = new Peer(server.port, reads);
		peers.push(made);
		return made.connected();
	};
	const crowd = (count: number) => Promise.all(Array.from({ length: count }, () => peer()));

	afterEach(async () => {
		for (const { socket } of peers) socket.destroy();
		peers = [];
		await server.close({ delayMs: 0, drainMs: 0 });
		accepted.clear();
	});

	describe("destroys the connection of a client that stays", () => {
		it.each([
			["silent", "", 408],
			["in the middle of a head", "GET / HTTP/1.1\r\nHo", 408],
			["in the middle of a body", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab", 408],
			["after bytes that are no HTTP", "FOO\r\n\r\n", 400],
			["after CONNECT", "CONNECT x:80 HTTP/1.1\r\nHost: x:80\r\n\r\n", 501]
		])("%s", async (_, sent, status) => {
			const reads: RequestListener = (req, res) => void req.on("end", () => res.end()).resume();
			await start({ headMs: 50, requestMs: 50 }, reads);
			// It never closes its side, although the server's is closed.
			const client = (await peer()).send(sent);
			expect(await client.answers(1)).toEqual([expect.stringContaining(`HTTP/1.1 ${status} `)]);
			expect(client.text).toContain("application/problem+json");
			await poll(() => accepted.size === 0, { everyMs: 5, withinMs: 20_000 });
			expect(accepted.size).toBe(0);
		});
	});

	it("lets an idle connection be used again later than a head may take", async () => {
		await start({ headMs: 50, requestMs: 50 });
		const client = await peer();
		expect(await isAnswered(client)).toBe(true);
		await new Promise(resolve => setTimeout(resolve, 300));
		expect(await client.send(get).answers(2)).toHaveLength(2);
	});

	it("closes a connection that was idle for as long as it may be", async () => {
		await start({ keepAliveMs: 50 });
		const client = await peer();
		expect(await isAnswered(client)).toBe(true);
		expect(await client.ended()).toBe(true);
	});

	describe("at its maximum", () => {
		it("ends the oldest connection whose head is unfinished", async () => {
			await start({ maxConnections: 3 });
			const used = await peer();
			expect(await isAnswered(used)).toBe(true);
			const [silent, half] = [await peer(), (await peer()).send("GET / HT")];
			expect(await isAnswered(await peer())).toBe(true);
			expect(await silent.ended()).toBe(true);
			expect(await isAnswered(await peer())).toBe(true);
			expect(await half.ended()).toBe(true);
			expect(await used.send(get).answers(2)).toHaveLength(2);
		});

		it("serves a client while 300 others connect and send nothing", async () => {
			await start({ maxConnections: 20 });
			await crowd(300);
			expect(await isAnswered(await peer())).toBe(true);
			expect(accepted.size).toBeLessThanOrEqual(20);
		});

		it("ends the oldest idle connection where all heads are finished", async () => {
			await start({ maxConnections: 2 });
			const [first, second] = await crowd(2);
			for (const client of [first!, second!]) expect(await isAnswered(client)).toBe(true);
			expect(await isAnswered(await peer())).toBe(true);
			expect(await first!.ended()).toBe(true);
			expect(await second!.send(get).answers(2)).toHaveLength(2);
		});

		it("takes no more where all are being served", async () => {
			const held: ServerResponse[] = [];
			await start({ maxConnections: 2 }, (_req, res) => void held.push(res));
			const clients = await crowd(2);
			for (const client of clients) client.send(get);
			await poll(() => held.length === 2, { everyMs: 5, withinMs: 20_000 });
			expect(await (await peer()).ended()).toBe(true);
			for (const res of held) res.end("ok");
			for (const client of clients) expect(await client.answers(1)).toHaveLength(1);
		});

		it("does not end idle connections of a trusted proxy", async () => {
			await start({ maxConnections: 1, trustedProxies: new Networks(["127.0.0.1"]) });
			const proxy = await peer();
			expect(await isAnswered(proxy)).toBe(true);
			expect(await (await peer()).ended()).toBe(true);
			expect(await proxy.send(get).answers(2)).toHaveLength(2);
		});
	});

	describe("with a share of connections for a network", () => {
		const held: ServerResponse[] = [];
		const hold: RequestListener = (_req, res) => void held.push(res);

		/** Of this many clients whose requests take long, how many the server takes. */
		const taken = async (limits: Partial<ServerLimits>, clients: number) => {
			held.length = 0;
			await start(limits, hold);
			const all = await crowd(clients);
			for (const client of all) client.send(get);
			const refused = () => all.filter(({ isClosed }) => isClosed).length;
			await poll(() => held.length + refused() === clients, { everyMs: 5, withinMs: 20_000 });
			return held.length;
		};

		it.each<[string, Partial<ServerLimits>, number]>([
			["takes its share", { maxConnectionsOfNetwork: 3 }, 3],
			["takes all without a share", { maxConnectionsOfNetwork: 0 }, 6],
			[
				"takes all from a trusted proxy",
				{ maxConnectionsOfNetwork: 3, trustedProxies: new Networks(["127.0.0.0/8"]) },
				6
			],
			[
				"takes its share where another network is trusted",
				{ maxConnectionsOfNetwork: 3, trustedProxies: new Networks(["10.0.0.0/8"]) },
				3
			]
		])("%s", async (_, limits, expected) => {
			expect(await taken(limits, 6)).toBe(expected);
		});

		it("ends the network's own unfinished head for its next connection", async () => {
			await start({ maxConnectionsOfNetwork: 2 });
			const [first, second] = [await peer(), await peer()];
			expect(await isAnswered(await peer())).toBe(true);
			expect(await first.ended()).toBe(true);
			expect(second.isClosed).toBe(false);
		});

		it("counts no connection that has ended", async () => {
			await start({ maxConnectionsOfNetwork: 2 });
			for (let n = 0; n < 6; n++) {
				const client = await peer();
				expect(await isAnswered(client)).toBe(true);
				client.socket.destroy();
				await poll(() => accepted.size === 0, { everyMs: 5, withinMs: 20_000 });
			}
		});
	});

	describe("tells its observer", () => {
		const held: ServerResponse[] = [];
		const hold: RequestListener = (_req, res) => void held.push(res);
		const dropped: DroppedConnection[] = [];
		const counts: number[] = [];
		const observer: ConnectionObserver = {
			onCount: open => void counts.push(open),
			onDropped: connection => void dropped.push(connection)
		};

		it.each<[string, Partial<ServerLimits>, boolean, Partial<DroppedConnection>]>([
			[
				"the new one of a network",
				{ maxConnectionsOfNetwork: 2 },
				true,
				{ limit: "network", dropped: "new" }
			],
			[
				"the oldest of a network",
				{ maxConnectionsOfNetwork: 2 },
				false,
				{ limit: "network", dropped: "oldest" }
			],
			["the new one of all", { maxConnections: 2 }, true, { limit: "all", dropped: "new" }],
			["the oldest of all", { maxConnections: 2 }, false, { limit: "all", dropped: "oldest" }]
		])("of a dropped connection: %s", async (_, limits, isBusy, expected) => {
			held.length = dropped.length = counts.length = 0;
			await start({ ...limits, observer }, hold);
			for (const client of await crowd(2)) if (isBusy) client.send(get);
			await poll(() => held.length === (isBusy ? 2 : 0), { everyMs: 5, withinMs: 20_000 });
			await peer();
			await poll(() => dropped.length === 1, { everyMs: 5, withinMs: 20_000 });
			expect(dropped).toEqual([{ ...expected, network: "127.0.0.1" }]);
			expect(Math.max(...counts)).toBe(2);
			for (const { socket } of peers) socket.destroy();
			await poll(() => counts.at(-1) === 0, { everyMs: 5, withinMs: 20_000 });
			expect(counts.at(-1)).toBe(0);
		});
	});

	describe("with a limit on silence", () => {
		const large: RequestListener = (_req, res) => res.end(Buffer.alloc(32 * 1024 * 1024, "a"));

		it("cuts a client that does not read its response", async () => {
			await start({ stallMs: 100 }, large);
			(await peer(false)).send(get);
			await poll(() => accepted.size === 1, { everyMs: 5, withinMs: 20_000 });
			await poll(() => accepted.size === 0, { everyMs: 5, withinMs: 20_000 });
			expect(accepted.size).toBe(0);
		});

		it("lets a request be that takes longer to serve", async () => {
			await start({ stallMs: 50 }, (_req, res) => void setTimeout(() => res.end("ok"), 400));
			expect(await isAnswered(await peer())).toBe(true);
		});

		it("lets a client be that reads slowly", async () => {
			await start({ stallMs: 300 }, large);
			const client = await peer(false);
			client.send(get);
			let bytes = 0;
			const reader = setInterval(() => (bytes += client.socket.read()?.length ?? 0), 2);
			await poll(() => bytes > 32 * 1024 * 1024 || client.isClosed, {
				everyMs: 20,
				withinMs: 20_000
			});
			clearInterval(reader);
			expect(bytes).toBeGreaterThan(32 * 1024 * 1024);
		});
	});

	it("sends the response to an earlier request before it closes for bytes that are no HTTP", async () => {
		let finish!: () => void;
		const started = new Promise<void>(resolve => {
			void start({}, (_req, res) => {
				finish = () => res.end("first");
				resolve();
			}).then(async () => void (await peer()).send(`${get}FOO\r\n\r\n`));
		});
		await started;
		await new Promise(resolve => setImmediate(resolve));
		finish();
		const [client] = peers;
		expect(await client!.ended()).toBe(true);
		expect(await client!.answers(1)).toEqual(["HTTP/1.1 200 OK"]);
		expect(client!.text).toMatch(/Connection: close[^]*first$/);
	});

	describe("that closes", () => {
		it("takes connections for the delay, and none after", async () => {
			await start({});
			const { port } = server;
			const closed = server.close({ delayMs: 300, drainMs: 20_000 });
			const late = await peer();
			expect(await isAnswered(late)).toBe(true);
			await closed;
			const refused = new Peer(port);
			const [error] = await once(refused.socket, "error");
			expect((error as NodeJS.ErrnoException).code).toBe("ECONNREFUSED");
		});

		it("finishes requests in progress, and closes what is idle or silent at once", async () => {
			const held: ServerResponse[] = [];
			await start({}, (req, res) => {
				if (req.url === "/slow") held.push(res.setHeader("Connection", "close"));
				else res.end("ok");
			});
			const [busy, idle, silent] = await crowd(3);
			expect(await isAnswered(idle!)).toBe(true);
			busy!.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
			await poll(() => held.length === 1, { everyMs: 5, withinMs: 20_000 });
			const closed = server.close({ delayMs: 0, drainMs: 20_000 });
			expect([await idle!.ended(), await silent!.ended()]).toEqual([true, true]);
			held[0]!.end("done");
			await closed;
			expect(await busy!.answers(1)).toEqual(["HTTP/1.1 200 OK"]);
		});

		it("cuts what takes longer than the drain may", async () => {
			await start({}, () => undefined);
			const client = (await peer()).send(get);
			await poll(() => accepted.size === 1, { everyMs: 5, withinMs: 20_000 });
			await server.close({ delayMs: 0, drainMs: 50 });
			expect(await client.ended()).toBe(true);
		});
	});
});
