import { once } from "node:events";
import {
	createServer,
	get,
	type IncomingMessage,
	type Server,
	type ServerResponse
} from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { WindowChanges } from "../../contracts/analytics.ts";
import type { Failure } from "../../lib/errors.ts";
import { until } from "../../tests/support/until.ts";
import { encodeChange, WindowFeed, type FeedOptions } from "./window-feed.ts";

type Change = WindowChanges["data"][number];

const change = (id: number): Change => ({
	id,
	window: {
		window_start: "2026-03-01T12:00:00.000Z",
		window_end: "2026-03-01T12:01:00.000Z",
		currency: "USD",
		orders: id,
		revenue: 100 * id,
		unique_users: 1,
		average_order_value: 100,
		revision: id,
		final: false
	}
});

let published: Change[];
let asked: (number | undefined)[];
let failing: boolean;
let feed: WindowFeed;
let server: Server;
const servers: Server[] = [];
let refusals: string[];
const clients: IncomingMessage[] = [];

function start(more: Partial<FeedOptions> = {}, untilMs = Infinity): void {
	feed = new WindowFeed({
		async changes(after) {
			asked.push(after);
			if (failing) throw new Error("away");
			const last = published.at(-1)?.id ?? 0;
			if (after === undefined) return { data: [], last };
			const data = published.filter(({ id }) => id > after).slice(0, 2);
			return { data, last: data.at(-1)?.id ?? after };
		},
		maxStreams: 3,
		maxStreamsPerUser: 2,
		everyMs: 20,
		heartbeatMs: 50,
		onError: () => undefined,
		...more
	});
	server = createServer((req, res) => {
		const [, userId, id] = req.url!.split("/");
		try {
			feed.open(res, { userId: userId!, after: id ? Number(id) : undefined, untilMs });
		} catch (error) {
			refusals.push((error as Failure).type);
			res.writeHead(500).end();
		}
	}).listen(0, "127.0.0.1");
	servers.push(server);
}

beforeEach(() => {
	[published, asked, refusals, failing] = [[change(1), change(2), change(3)], [], [], false];
});
afterEach(async () => {
	feed.stop();
	for (const client of clients.splice(0)) client.destroy();
	for (const each of servers.splice(0)) {
		each.closeAllConnections();
		each.close();
	}
});

/** What a client has received so far. */
async function listen(path: string) {
	if (!server.listening) await once(server, "listening");
	const { port } = server.address() as AddressInfo;
	const [answer] = (await once(get({ port, host: "127.0.0.1", path }), "response")) as [
		IncomingMessage
	];
	clients.push(answer);
	let text = "";
	let ended = false;
	answer.setEncoding("utf8").on("data", part => (text += part));
	answer.on("end", () => (ended = true)).on("error", () => (ended = true));
	const ids = () => [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
	return { answer, ids, text: () => text, ended: () => ended };
}

const has = (client: Awaited<ReturnType<typeof listen>>, ids: number[]) =>
	until(() => client.ids().length >= ids.length, 5000).then(() =>
		expect(client.ids()).toEqual(ids)
	);

describe("the feed of windows", () => {
	it("begins now, and sends windows that are emitted from then on", async () => {
		start();
		const client = await listen("/support");
		await until(() => asked.length > 1, 5000);
		published.push(change(4));
		await has(client, [4]);
		expect(client.answer.headers["content-type"]).toBe("text/event-stream; charset=utf-8");
		expect(client.text()).toContain("retry: 2000\n\n");
		expect(client.text()).toContain(encodeChange(change(4)));
	});

	it("continues after the last event, without gaps or duplicates, while others listen", async () => {
		start();
		const first = await listen("/support");
		await until(() => asked.length > 1, 5000);
		for (let id = 4; id <= 9; id++) published.push(change(id));
		const second = await listen("/admin/1");
		published.push(change(10));
		await has(second, [2, 3, 4, 5, 6, 7, 8, 9, 10]);
		await has(first, [4, 5, 6, 7, 8, 9, 10]);
	});

	it("starts over for an id of another database", async () => {
		start();
		await has(await listen("/support/900"), [1, 2, 3]);
	});

	it("continues after an event that another node has sent, and this one has not yet read", async () => {
		start();
		await listen("/support");
		await until(() => asked.length > 1, 5000);
		// Two per poll: this node is a few events behind.
		for (let id = 4; id <= 60; id++) published.push(change(id));
		const second = await listen("/admin/59");
		published.push(change(61));
		await has(second, [60, 61]);
	});

	it("queries once per poll, even if its only reader left during a query, and another came", async () => {
		const answers: (() => void)[] = [];
		start({
			changes: after => {
				asked.push(after);
				const answer = { data: [], last: 3 };
				return asked.length > 2
					? Promise.resolve(answer)
					: new Promise(resolve => answers.push(() => resolve(answer)));
			}
		});
		const first = await listen("/a");
		await until(() => asked.length === 1, 5000);
		first.answer.destroy();
		await delay(30);
		await listen("/b");
		await until(() => asked.length === 2, 5000);
		answers.forEach(answer => answer());
		await delay(50);
		const before = asked.length;
		await delay(400);
		expect(asked.length - before).toBeLessThan(25);
	});

	it("queries once for all readers, and not without readers", async () => {
		start();
		await delay(60);
		expect(asked).toEqual([]);
		const all = [await listen("/a"), await listen("/b"), await listen("/c")];
		const before = asked.length;
		await delay(200);
		expect(asked.length - before).toBeLessThan(15);
		all.forEach(({ answer }) => answer.destroy());
		await delay(60);
		const after = asked.length;
		await delay(100);
		expect(asked.length).toBe(after);
	});

	it("makes no query for a reader that left before it started", async () => {
		start();
		const reader = { userId: "a", after: undefined, untilMs: Infinity };
		server
			.removeAllListeners("request")
			.on("request", (_req, res) => res.once("close", () => feed.open(res, reader)));
		await once(server, "listening");
		const { port } = server.address() as AddressInfo;
		const client = get({ port, host: "127.0.0.1" }).on("error", () => undefined);
		const [, res] = (await once(server, "request")) as [IncomingMessage, ServerResponse];
		client.destroy();
		await once(res, "close");
		await delay(100);
		expect(asked).toEqual([]);
	});

	it("stays open while analytics is down, and continues when it is back", async () => {
		start();
		const client = await listen("/support");
		await until(() => asked.length > 1, 5000);
		failing = true;
		published.push(change(4));
		await until(() => client.text().includes("\n: \n"), 5000);
		expect(client.ids()).toEqual([]);
		failing = false;
		await has(client, [4]);
	});

	it("has limits: in total, and per user", async () => {
		start();
		await listen("/a");
		await listen("/a");
		await listen("/a");
		await listen("/b");
		await listen("/c");
		expect(refusals).toEqual(["TOO_MANY_STREAMS", "OVERLOADED"]);
	});

	it("ends when the reader's token expires, and when the node stops", async () => {
		start({}, Date.now() + 30);
		const expired = await listen("/support");
		await until(() => expired.ended(), 5000);
		feed.stop();
		start();
		const other = await listen("/support");
		feed.stop();
		await until(() => other.ended(), 5000);
	});

	it("disconnects a reader that does not read", async () => {
		const most = 3000;
		start({
			changes: async after => ({ data: after === undefined ? [] : many(after), last: most })
		});
		const many = (after: number) =>
			Array.from({ length: 5000 }, (_, n) => change(after + n + 1)).filter(({ id }) => id > after);
		const client = await listen("/support/1");
		client.answer.pause();
		await until(
			() =>
				client.answer.destroyed || client.answer.socket.destroyed || client.answer.readableAborted,
			10_000
		);
		expect(client.answer.complete).toBe(false);
	});
});
