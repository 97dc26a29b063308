import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { Client, signIn } from "../../support/shop/api-client.ts";
import type { Order } from "../../../contracts/order.ts";
import { openBankPage } from "../../support/shop/bank-page.ts";
import { address } from "../../support/shop/orders.ts";
import { run, startShop, type Running } from "../../support/servers/processes.ts";
import { temporaryFolder } from "../../support/servers/temporary-folder.ts";
import { until } from "../../support/until.ts";

/** Commands beside a shop on a free port, which know no more of it than its data folder. */

const settings = "SHOP_NAME='Shop of the File'\nPROT=1\nPORT=1\n";

let shop: Running;
let DATA_DIR: string;
let url: string;

beforeAll(async () => {
	const ENV_FILE = join(temporaryFolder(), "shop.env");
	writeFileSync(ENV_FILE, settings);
	shop = await startShop({ PORT: "0", ENV_FILE });
	DATA_DIR = shop.dataDir;
	({ url } = shop);
}, 60_000);

afterAll(() => shop?.remove(), 60_000);

/** With a setting that is for the shop, as in its file of settings. */
const beside = (script: string, args: string[] = [], input?: string) =>
	run(script, args, { DATA_DIR, HOME: DATA_DIR, METRICS_PORT: new URL(url).port }, input);

it("reads its file of settings, and says so", () => {
	expect(shop.output()).toMatch(
		/^ {2}Settings: .*shop\.env sets SHOP_NAME; the environment goes before it$/m
	);
	expect(shop.output()).toMatch(/shop\.env: PROT is no setting of the shop$/m);
	expect(shop.output()).toMatch(
		/shop\.env: PORT is ignored, because the environment sets it too$/m
	);
});

it("makes links that lead to the port it has", async () => {
	expect(new URL(url).port).not.toBe("0");
	const { alice, admin } = await signIn(url);
	const body = {
		items: [{ product_id: "prod-001", quantity: 1 }],
		shipping_address: address,
		payment_method: "pm_card_visa"
	};
	const { body: placed } = await alice.post<{ id: string }>("/api/v1/orders", body);
	const mail = await until(async () => {
		const page = await (await fetch(`${url}/dev/mailbox`)).text();
		const path = /\/dev\/mailbox\/[0-9a-f-]+/.exec(page)?.[0];
		return path && (await (await fetch(`${url}${path}/html`)).text());
	}, 30_000);
	expect(mail).toContain(`${url}/api/v1/orders/${placed.id}`);
	expect(mail).toContain("Shop of the File");
	const { body: problem } = await admin.get<{ type: string }>("/api/v1/nothing");
	expect(problem.type).toBe(`${url}/problems/not-found`);
	expect((await fetch(problem.type)).status).toBe(200);
	const home = await fetch(url, { headers: { accept: "text/html" } });
	expect(home.headers.get("content-type")).toContain("text/html");
	expect(await home.text()).toContain("Shop of the File");
	const { body: asked } = await alice.post<{ id: string }>("/api/v1/orders", {
		...body,
		payment_method: "pm_card_threeDSecureRequired"
	});
	const bankUrl = await until(async () => {
		const { body: order } = await alice.get<Order>(`/api/v1/orders/${asked.id}`);
		return order.payment?.next_action?.url;
	}, 30_000);
	const answered = await (await openBankPage(bankUrl)).press("Approve");
	expect(answered.headers.get("location")).toMatch(new RegExp(`^${url}/docs\\b`));
}, 60_000);

it.each<[script: string, args: string[], says: RegExp, code: number]>([
	[
		"status.ts",
		[],
		/A shop runs on .* by npm start, [^]* {2}API {9}http:\/\/127\.0\.0\.1:\d+\/api\/v1 {3}\(ok\)/,
		0
	],
	["status.ts", [], / {2}database {4}embedded Postgres 1\d[^]* {2}migrations {2}\d+ have run\n/, 0],
	["stream.ts", ["lag"], /^outbox +0 events unpublished/m, 0],
	["verify.ts", ["orders"], /^No differences in orders\.$/m, 0],
	["admin.ts", ["list"], /^admin {4}admin@shop\.test$/m, 0]
])("is found by %s %j", async (script, args, says, code) => {
	const ended = await beside(script, args);
	expect(ended.output).toMatch(says);
	expect(ended.code).toBe(code);
});

it("is joined by the REPL, whose calls act in it", async () => {
	const lines = ["place prod-002 1", "order not-an-id", "call webhook.list", "quit"];
	const { output, code } = await beside("repl.ts", [], lines.join("\n"));
	const text = stripVTControlCharacters(output);
	expect(text).toMatch(/joining the shop of pid \d+/);
	expect(text).not.toContain("not connected yet");
	expect(text).toMatch(/>> Call 'webhook\.list'[^]*>> Response/);
	const id = /([0-9a-f-]{36}) {2}confirmed {2}\d/.exec(text)![1]!;
	expect(text).toMatch(/must match|is not valid|must be/);
	expect(code).toBe(0);
	const { admin } = await signIn(url);
	expect((await admin.get(`/api/v1/orders/${id}`)).status).toBe(200);
}, 30_000);

it("lets no other user call it by its socket", () => {
	expect(statSync(join(DATA_DIR, "operator.sock")).mode & 0o777).toBe(0o600);
	expect(statSync(join(DATA_DIR, "running.json")).mode & 0o777).toBe(0o600);
});

it("answers a client without a name in JSON", async () => {
	const { body } = await new Client(url).get<{ links: { docs: string } }>("/");
	expect(body.links.docs).toBe(`${url}/docs`);
});

it("is gone from status once it has stopped", async () => {
	await shop.stop();
	const { output, code } = await beside("status.ts");
	expect(output).toMatch(/^No shop runs on .*, which has the data of one: npm start opens it\.\n/);
	expect(code).toBe(3);
}, 30_000);
