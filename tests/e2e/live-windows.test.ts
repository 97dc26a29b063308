import { setTimeout as delay } from "node:timers/promises";
import type { Window } from "../../contracts/analytics.ts";
import { signIn, type Clients } from "../support/shop/api-client.ts";
import { testDatabase, type TestDatabase } from "../support/servers/database.ts";
import { startShop, type Running } from "../support/servers/processes.ts";
import { until } from "../support/until.ts";
import { expectProblem } from "../support/expect-failure.ts";
import { address } from "../support/shop/orders.ts";

/** The live feed of windows over HTTP, as a browser reads it. */

let shop: Running;
let database: TestDatabase;
let clients: Clients;
const open: AbortController[] = [];

beforeAll(async () => {
	database = await testDatabase();
	shop = await startShop({ DATABASE_URL: database.url });
	clients = await signIn(shop.url);
}, 120_000);

afterEach(() => {
	for (const controller of open.splice(0)) controller.abort();
});

afterAll(async () => {
	await shop?.remove();
	await database?.drop();
}, 60_000);

const path = "/api/v1/analytics/stream";

async function tokenOf(name: string): Promise<string> {
	const credentials = { email: `${name}@shop.test`, password: "demo-Password-1" };
	const { body } = await clients.anonymous.post("/api/v1/auth/login", credentials);
	return body.access_token as string;
}

async function listen(token: string, lastEventId?: number) {
	const controller = new AbortController();
	open.push(controller);
	const headers = {
		authorization: `Bearer ${token}`,
		...(lastEventId !== undefined && { "last-event-id": String(lastEventId) })
	};
	const answer = await fetch(`${shop.url}${path}`, { headers, signal: controller.signal });
	let text = "";
	let ended = false;
	void (async () => {
		for await (const part of answer.body!) text += Buffer.from(part).toString();
	})()
		.catch(() => undefined)
		.finally(() => (ended = true));
	const events = () =>
		[...text.matchAll(/^event: window\nid: (\d+)\ndata: (.*)$/gm)].map(([, id, data]) => ({
			id: Number(id),
			window: JSON.parse(data!) as Window
		}));
	return { answer, events, text: () => text, ended: () => ended };
}

async function sell(): Promise<void> {
	const { status } = await clients.alice.post("/api/v1/orders", {
		items: [{ product_id: "prod-001", quantity: 1 }],
		shipping_address: address,
		payment_method: "pm_card_visa"
	});
	expect(status).toBe(201);
	await until(async () => {
		const rows = await database.rows("select 1 from analytics.windows where revision = 0");
		return rows.length > 0;
	}, 20_000);
}

/** A minute is over when the clock says so; here it is moved into the past instead. */
async function letTheMinuteEnd(minutes: number): Promise<void> {
	await database.rows(
		"update analytics.windows set window_start = window_start - $1 * interval '1 minute' where revision = 0",
		[minutes]
	);
	await database.rows("update analytics.partitions set heard_at = heard_at - interval '1 minute'");
}

it("sends a window when it is emitted, and resumes after the last event without gaps or duplicates", async () => {
	const token = await tokenOf("support");
	const first = await listen(token);
	expect(first.answer.status).toBe(200);
	expect(first.answer.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
	await until(() => first.text().startsWith("retry: "), 10_000);
	await delay(1500);
	await sell();
	await letTheMinuteEnd(10);
	await until(() => first.events().length > 0, 30_000);
	const [event] = first.events();
	expect(event!.window).toMatchObject({ orders: 1, unique_users: 1, revision: 1 });
	const { body } = await clients.support.get<{ data: Window[] }>("/api/v1/analytics/windows");
	expect(body.data).toContainEqual(event!.window);
	await sell();
	await letTheMinuteEnd(20);
	await until(() => first.events().length > 1, 30_000);
	const again = await listen(token, event!.id);
	await until(() => again.events().length > 0, 30_000);
	await delay(1500);
	expect(again.events()).toEqual(first.events().slice(1));
	const all = await listen(token, 0);
	await until(() => all.events().length > 1, 30_000);
	expect(all.events()).toEqual(first.events());
}, 120_000);

it("is for staff, and accepts only its own ids", async () => {
	expectProblem(await clients.alice.get(path), "FORBIDDEN");
	for (const id of ["yesterday", "-1", "01", "1".repeat(16)]) {
		const odd = await clients.support.get(path, { "last-event-id": id });
		expectProblem(odd, "MALFORMED_HEADER");
	}
});

it("limits the connections of each user", async () => {
	const token = await tokenOf("admin");
	for (let n = 0; n < 5; n++) expect((await listen(token)).answer.status).toBe(200);
	const { status, body, headers } = await clients.admin.get(path);
	expect([status, body.code, headers.get("retry-after")]).toEqual([429, "too-many-streams", "5"]);
	for (const controller of open.splice(0)) controller.abort();
	await until(async () => (await listen(token)).answer.status === 200, 10_000);
});

it("ends when the shop stops, without delaying it", async () => {
	const stream = await listen(await tokenOf("support"));
	await until(() => stream.text().startsWith("retry: "), 10_000);
	expect(await shop.stop()).toBe(0);
	await until(() => stream.ended(), 5000);
	expect(shop.output()).not.toMatch(/error/i);
}, 60_000);
