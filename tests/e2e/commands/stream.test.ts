import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

import { consumerGroups } from "../../../contracts/streams.ts";
import { Client, forwardedHeaders, signIn } from "../../support/shop/api-client.ts";
import { testDatabase, type TestDatabase } from "../../support/servers/database.ts";
import { run, startShop, type Running } from "../../support/servers/processes.ts";
import { temporaryFolder } from "../../support/servers/temporary-folder.ts";
import { until } from "../../support/until.ts";
import { streamDriver } from "../../support/streams/stream-driver.ts";
import { address } from "../../support/shop/orders.ts";

/** `npm run stream` beside a running shop. */

const body = {
	items: [{ product_id: "prod-001", quantity: 1 }],
	shipping_address: address,
	payment_method: "pm_card_visa"
};

let shop: Running;
let database: TestDatabase;

beforeAll(async () => {
	database = await testDatabase();
	shop = await startShop({ DATABASE_URL: database.url });
	const { alice } = await signIn(shop.url);
	for (let n = 0; n < 3; n++) {
		const { status } = await alice.post("/api/v1/orders", body);
		expect(status).toBe(201);
	}
	await until(async () => {
		const { output } = await stream("lag");
		return /outbox +0 .*analytics +0 .*notification +0 /s.test(output);
	}, 30_000);
}, 200_000);

afterAll(async () => {
	await shop?.remove();
	await database?.drop();
}, 60_000);

/** With the key in the shop's data folder. */
const stream = (...words: string[]) =>
	run("stream.ts", [...words, "--url", shop.url], { DATA_DIR: shop.dataDir });

it("carries the trace of a request into all events of its order, unsampled whatever its flag says", async () => {
	const { alice } = await signIn(shop.url);
	const trace = "4bf92f3577b34da6a3ce929d0e0e4736";
	const headers = { traceparent: `00-${trace}-00f067aa0ba902b7-01`, prefer: "wait=5" };
	const placed = await alice.post<{ id: string }>("/api/v1/orders", body, { headers });
	const events = () =>
		database.rows<{ traceparent: string }>(
			`select convert_from(value, 'UTF8')::jsonb->>'traceparent' as traceparent
			from streams.message where topic = 'orders' and convert_from(value, 'UTF8')::jsonb->>'subject' = $1`,
			[placed.body.id]
		);
	const found = await until(async () => {
		const list = await events();
		return list.length > 1 ? list : undefined;
	}, 20_000);
	for (const { traceparent } of found)
		expect(traceparent).toMatch(new RegExp(`^00-${trace}-(?!00f067aa0ba902b7)[0-9a-f]{16}-00$`));
}, 30_000);

it("shows the lag of every consumer", async () => {
	const { code, output } = await stream("lag");
	expect(output).toMatch(/^outbox +0 events unpublished/m);
	expect(output).toMatch(/^analytics +0 messages waiting, 0 dead-lettered$/m);
	expect(output).toMatch(/^notification +0 messages waiting, 0 dead-lettered$/m);
	expect(code).toBe(0);
});

it("replays with progress; with --dry-run it only prints the plan", async () => {
	const dry = await stream("replay", "--group", "analytics", "--from", "oldest", "--dry-run");
	expect(dry.output).toMatch(/^analytics: \d+ messages, again; events from 1970/m);
	expect(dry.output).not.toContain("█");
	const { code, output } = await stream("replay", "--group", "analytics", "--from", "oldest");
	const [, messages] = /^analytics: (\d+) messages/m.exec(output)!;
	expect(output).toContain(`${messages} of ${messages} messages`);
	expect(code).toBe(0);
	const withoutNotifying = [
		"--group",
		"notification",
		"--from",
		"2026-01-01T00:00:00Z",
		"--no-notify"
	];
	expect((await stream("replay", ...withoutNotifying)).output).toMatch(
		/^notification: \d+ messages, quiet/m
	);
});

it("refills the log", async () => {
	const { code, output } = await stream("refill", "--from", "2026-01-01T00:00:00Z");
	expect(output).toMatch(/(\d+) of \1 events/);
	expect(output).toMatch(/^analytics: \d+ messages, missing$/m);
	expect(output).toMatch(/^\d+ low-stock events$/m);
	expect(output).toMatch(/^\d+ windows and late events$/m);
	expect(code).toBe(0);
	const dry = await stream("refill", "--from", "2026-01-01T00:00:00Z", "--dry-run");
	expect(dry.output).toMatch(
		/^(\d+) events would be published again\n\d+ low-stock events too\n\d+ messages of disabled webhooks too\n\d+ windows/m
	);
});

/** Each consumer has a dead letter of its own. */
const timesDead = (output: string) => output.split("not-json").length - 1;

it("lists, shows and redrives dead letters", async () => {
	expect((await stream("dlq", "list")).output).toBe("There are no dead letters.\n");
	expect((await stream("dlq", "redrive", "--all")).code).toBe(0);
	const log = streamDriver(database, 2);
	await log.publish("orders", [{ key: "k", value: "{ not json", headers: { from: "a stranger" } }]);
	await log.close();
	const list = await until(async () => {
		const { output } = await stream("dlq", "list");
		return timesDead(output) === consumerGroups.length ? output : undefined;
	}, 20_000);
	const id = /^(\S+) {2}notification {2}orders/m.exec(list)![1]!;
	const { output } = await stream("dlq", "show", id);
	expect(output).toContain("{ not json");
	expect(output).toContain("from: a stranger");
	const one = await stream("dlq", "redrive", id);
	expect([one.code, one.output]).toEqual([1, expect.stringContaining("409")]);
	const all = await stream("dlq", "redrive", "--all");
	expect([all.code, timesDead(all.output)]).toEqual([1, consumerGroups.length]);
	expect((await stream("lag")).output).toMatch(/^analytics +0 messages waiting, 1 dead-lettered$/m);
}, 60_000);

it("knows no other dead letters", async () => {
	const id = "6f9619ff-8b86-4011-b42d-00c04fc964ff";
	const { code, output } = await stream("dlq", "show", id);
	const words = `There is no dead letter ${id}: npm run stream -- dlq list shows them.\n`;
	expect([code, output]).toEqual([1, words]);
});

it("accepts an admin's token only", async () => {
	const folder = temporaryFolder();
	const file = join(folder, "token");
	for (const [name, code] of [
		["admin", 0],
		["alice", 1]
	] as const) {
		const credentials = { email: `${name}@shop.test`, password: "demo-Password-1" };
		const login = await new Client(shop.url, forwardedHeaders).post(
			"/api/v1/auth/login",
			credentials
		);
		writeFileSync(file, `${login.body.access_token as string}\n`);
		const answer = await run("stream.ts", ["lag", "--url", shop.url, "--token", file], {
			DATA_DIR: folder
		});
		expect(answer.code).toBe(code);
		if (code === 1) expect(answer.output).toContain("403 Not allowed");
	}
	const nowhere = { DATA_DIR: join(folder, "nothing") };
	const none = await run("stream.ts", ["lag", "--url", shop.url], nowhere);
	expect([none.code, none.output]).toEqual([78, expect.stringContaining("--token")]);
}, 60_000);

it("continues when its token expires", async () => {
	const tokens = new Set<string>();
	const plan = { messages: 2, mode: "again", partitions: [] };
	const startedAt = performance.now();
	// A server that responds as soon as a second token is used.
	const slow = createServer((req, res) => {
		tokens.add(req.headers.authorization!);
		const replay = tokens.size > 1 ? null : { done: 1, of: 2 };
		const isOver = performance.now() - startedAt > 10_000;
		res.writeHead(isOver ? 401 : 200, { "content-type": "application/json" });
		res.end(JSON.stringify(req.method === "POST" ? plan : { replay }));
	}).listen(0, "127.0.0.1");
	await once(slow, "listening");
	const { port } = slow.address() as AddressInfo;
	const words = ["replay", "--group", "analytics", "--from", "oldest"];
	const { code, output } = await run("stream.ts", [...words, "--url", `http://127.0.0.1:${port}`], {
		DATA_DIR: shop.dataDir,
		TOKEN_TTL_S: "10"
	});
	slow.closeAllConnections();
	slow.close();
	expect({ code, output }).toMatchObject({ code: 0 });
	expect(tokens.size).toBe(2);
}, 30_000);

it.each([
	[["replay", "--from", "oldest"], "--group is analytics, "],
	[["replay", "--group", "analytics"], "--from"],
	[["replay", "--group", "analytics", "--from", "oldest", "--no-notify"], "sends nothing"],
	[["dlq"], "Name what to do: dlq list"],
	[[], "Name a command"]
])("says what is wrong with %j", async (words, complaint) => {
	const { code, output } = await stream(...words);
	expect([code, output]).toEqual([64, expect.stringContaining(complaint)]);
});
