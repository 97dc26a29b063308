import { once } from "node:events";
import type { RequestListener, ServerResponse } from "node:http";
import { pause, poll } from "../lib/retry.ts";
import { get, isAnswered, Peer, readAll, useServer } from "../tests/support/http/use-server.ts";
import type { ServerLimits } from "./limited-server.ts";

describe("a server", () => {
	const { accepted, start, peer, crowd, peers, server } = useServer();

	describe("destroys the connection of a client that stays", () => {
		it.each([
			["silent", "", 408],
			["in the middle of a head", "GET / HTTP/1.1\r\nHo", 408],
			["in the middle of a body", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab", 408],
			["after bytes that are no HTTP", "FOO\r\n\r\n", 400],
			["after CONNECT", "CONNECT x:80 HTTP/1.1\r\nHost: x:80\r\n\r\n", 501]
		])("%s", async (_, sent, status) => {
			await start({ headMs: 50, requestMs: 50 }, readAll);
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

	it.each<[string, string, number, string[]]>([
		["asks for the body when it is read", "/read", 100, ["100", "200"]],
		["responds at once where it is not", "/refused", 100, ["413"]]
	])("that gets Expect: 100-continue %s", async (_, path, length, statuses) => {
		await start({}, (req, res) => {
			if (req.url === "/read") readAll(req, res);
			else res.writeHead(413, { Connection: "close" }).end();
		});
		const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\nExpect: 100-continue\r\n\r\n`;
		const client = (await peer()).send(head);
		await client.answers(1);
		if (statuses.length > 1) client.send("a".repeat(length));
		const found = await client.answers(statuses.length);
		expect(found.map(line => line.slice(9, 12))).toEqual(statuses);
	});

	describe("with a limit on silence", () => {
		const large: RequestListener = (_req, res) => res.end(Buffer.alloc(32 * 1024 * 1024, "a"));

		const inKernel = 1024 * 1024;
		/** After the server is done with it: what the client can still read, to the end of the connection. */
		const readable = async (client: Peer) => {
			await poll(() => accepted.size === 0, { everyMs: 5, withinMs: 20_000 });
			client.socket.on("data", chunk => (client.text += chunk));
			await poll(() => client.isClosed || client.socket.readableEnded, {
				everyMs: 5,
				withinMs: 20_000
			});
			return client.text.length;
		};

		it("cuts a client that does not read its response", async () => {
			await start({ stallMs: 100 }, large);
			const client = (await peer(false)).send(get);
			await poll(() => accepted.size === 1, { everyMs: 5, withinMs: 20_000 });
			expect(await readable(client)).toBeLessThan(32 * 1024 * 1024);
			expect(client.errorCode).toBe("ECONNRESET");
		});

		it.each<[string, Partial<ServerLimits>, string]>([
			["that is the last one", {}, "close"],
			["and is idle for too long", { keepAliveMs: 50 }, "keep-alive"]
		])(
			"leaves nothing in the kernel of a response that is not read %s",
			async (_, limits, close) => {
				await start({ stallMs: 200, ...limits }, (_req, res) => {
					res.setHeader("Connection", close).end(Buffer.alloc(inKernel, "a"));
				});
				const client = (await peer(false)).send(get);
				await poll(() => accepted.size === 1, { everyMs: 5, withinMs: 20_000 });
				expect(await readable(client)).toBeLessThan(inKernel);
			}
		);

		it("leaves nothing in the kernel of an idle one that gave way", async () => {
			await start({ maxConnections: 1 }, (_req, res) => res.end(Buffer.alloc(inKernel, "a")));
			const first = (await peer(false)).send(get);
			const isSent = () => accepted.size === 1 && [...accepted][0]!.bytesWritten > inKernel;
			await poll(isSent, { everyMs: 5, withinMs: 20_000 });
			const second = await peer();
			expect(await isAnswered(second)).toBe(true);
			second.socket.destroy();
			expect(await readable(first)).toBeLessThan(inKernel);
		});

		it("lets a client read its last response for a while although others need the connection", async () => {
			await start({ maxConnections: 2 }, (_req, res) => res.end(Buffer.alloc(inKernel, "a")));
			const first = (await peer(false)).send("GET / HTTP/1.0\r\n\r\n");
			await poll(() => [...accepted][0]?.writableFinished, { everyMs: 5, withinMs: 20_000 });
			await crowd(3);
			first.socket.on("data", chunk => (first.text += chunk));
			expect(await first.ended()).toBe(true);
			expect(first.text.length).toBeGreaterThan(inKernel);
		});

		it("closes at once with a client that closes after the last response", async () => {
			await start({});
			const client = (await peer()).send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
			expect(await client.ended()).toBe(true);
			client.socket.end();
			await poll(() => accepted.size === 0, { everyMs: 5, withinMs: 20_000 });
			expect(accepted.size).toBe(0);
		});

		it("serves nothing behind the last response", async () => {
			let served = 0;
			await start({ stallMs: 200 }, (_req, res) => {
				served++;
				res.setHeader("Connection", "close").end("ok");
			});
			const client = (await peer()).send(get);
			await client.answers(1);
			client.send(get);
			await poll(() => accepted.size === 0, { everyMs: 5, withinMs: 20_000 });
			expect([served, accepted.size]).toEqual([1, 0]);
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

	it("cuts a stream whose client sends malformed bytes", async () => {
		await start({}, (_req, res) => void res.write("stream"));
		const client = (await peer()).send(get);
		await client.answers(1);
		client.send("FOO\r\n\r\n");
		expect(await client.ended()).toBe(true);
	});

	it("waits once for a response that is still sent, however often its client sends malformed bytes", async () => {
		const large = 16 * 1024 * 1024;
		let response!: ServerResponse;
		await start({}, (_req, res) => {
			response = res;
			res.end(Buffer.alloc(large, "a"));
		});
		const client = (await peer(false)).send(get);
		await poll(() => accepted.size === 1 && response?.writableEnded, {
			everyMs: 5,
			withinMs: 20_000
		});
		const before = response.listenerCount("finish");
		for (let n = 0; n < 20; n++) {
			client.send("FOO\r\n\r\n");
			await pause(10);
		}
		expect(response.listenerCount("finish")).toBeLessThanOrEqual(before + 1);
		client.socket.on("data", chunk => (client.text += chunk));
		expect(await client.ended()).toBe(true);
		expect(client.text.length).toBeGreaterThan(large);
	});

	it("cuts a client that reads nothing before it sends CONNECT", async () => {
		await start({ stallMs: 200 }, (_req, res) => res.end(Buffer.alloc(300_000, "a")));
		const client = await peer(false);
		client.send(`${get.repeat(40)}CONNECT x:80 HTTP/1.1\r\nHost: x:80\r\n\r\n`);
		await poll(() => accepted.size === 1, { everyMs: 5, withinMs: 20_000 });
		await poll(() => accepted.size === 0, { everyMs: 5, withinMs: 20_000 });
		expect(accepted.size).toBe(0);
	});

	it.each([
		["bytes that are no HTTP", "FOO\r\n\r\n"],
		[
			"a request whose body is malformed",
			"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"
		],
		["CONNECT", "CONNECT x:80 HTTP/1.1\r\nHost: x:80\r\n\r\n"]
	])("sends the response to an earlier request before it closes for %s", async (_, sent) => {
		let finish: (() => void) | undefined;
		const started = new Promise<void>(resolve => {
			void start({}, (_req, res) => {
				finish ??= () => res.end("first");
				resolve();
			}).then(async () => void (await peer()).send(`${get}${sent}`));
		});
		await started;
		await new Promise(resolve => setImmediate(resolve));
		finish!();
		const [client] = peers();
		expect(await client!.ended()).toBe(true);
		expect(await client!.answers(1)).toEqual(["HTTP/1.1 200 OK"]);
		expect(client!.text).toMatch(/Connection: close[^]*first$/);
	});

	describe("that closes", () => {
		it("takes connections for the delay, and none after", async () => {
			await start({});
			const { port } = server();
			const closed = server().close({ delayMs: 1500, drainMs: 20_000 });
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
			const closed = server().close({ delayMs: 0, drainMs: 20_000 });
			expect([await idle!.ended(), await silent!.ended()]).toEqual([true, true]);
			held[0]!.end("done");
			await closed;
			expect(await busy!.answers(1)).toEqual(["HTTP/1.1 200 OK"]);
		});

		it("waits a second for the rest of a head, and not to the end of its drain", async () => {
			await start({}, readAll);
			const client = (await peer()).send("GET / HT");
			await poll(() => [...accepted][0]?.bytesRead === 8, { everyMs: 5, withinMs: 20_000 });
			await server().close({ delayMs: 0, drainMs: 60_000 });
			expect(await client.ended()).toBe(true);
		}, 20_000);

		it("lets a body arrive, and a response be read to its end", async () => {
			const large = 16 * 1024 * 1024;
			await start({}, (req, res) => {
				if (req.method === "POST") readAll(req, res);
				else res.end(Buffer.alloc(large, "a"));
			});
			const sender = (await peer()).send(
				"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\na"
			);
			const reader = (await peer(false)).send(get);
			const isWaiting = () => [...accepted].some(({ writableLength }) => writableLength > 0);
			await poll(isWaiting, { everyMs: 5, withinMs: 20_000 });
			const closed = server().close({ delayMs: 0, drainMs: 60_000 });
			await pause(1500);
			sender.send("b");
			expect(await sender.answers(1)).toEqual(["HTTP/1.1 200 OK"]);
			reader.socket.on("data", chunk => (reader.text += chunk));
			expect(await reader.ended()).toBe(true);
			expect(reader.text.length).toBeGreaterThan(large);
			await closed;
		}, 20_000);

		it("cuts what takes longer than the drain may", async () => {
			await start({}, () => undefined);
			const client = (await peer()).send(get);
			await poll(() => accepted.size === 1, { everyMs: 5, withinMs: 20_000 });
			await server().close({ delayMs: 0, drainMs: 50 });
			expect(await client.ended()).toBe(true);
		});
	});
});
