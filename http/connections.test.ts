import type { RequestListener, ServerResponse } from "node:http";
import { Networks } from "../lib/addresses/network.ts";
import { poll } from "../lib/retry.ts";
import { get, isAnswered, readAll, useServer } from "../tests/support/http/use-server.ts";
import type { ConnectionObserver, DroppedConnection } from "./connections.ts";
import type { ServerLimits } from "./limited-server.ts";

describe("the connections of a server", () => {
	const { accepted, start, peer, crowd, peers } = useServer();

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

		it.each([
			["nothing", ""],
			["half a head", "GET / HT"],
			["half a body", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab"]
		])("serves a client while 300 others send %s", async (_, sent) => {
			await start({ maxConnections: 20 }, readAll);
			const client = await peer();
			expect(await isAnswered(client)).toBe(true);
			for (const other of await crowd(300)) other.send(sent);
			await poll(() => accepted.size === 20, { everyMs: 5, withinMs: 20_000 });
			expect(await isAnswered(await peer())).toBe(true);
			// Of an older connection, but younger than what the others leave unfinished.
			client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\na");
			await poll(() => client.isClosed, { everyMs: 5, withinMs: 100 });
			expect(await isAnswered(await peer())).toBe(true);
			expect(await client.send("b").answers(2)).toHaveLength(2);
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
			for (const { socket } of peers()) socket.destroy();
			await poll(() => counts.at(-1) === 0, { everyMs: 5, withinMs: 20_000 });
			expect(counts.at(-1)).toBe(0);
		});
	});
});
