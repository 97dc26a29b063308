import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { DataFolder } from "../../launch/shop/data-folder.ts";
import { startPostgres } from "../../launch/servers/embedded-postgres.ts";
import { readLedger } from "../../psp/ledger/ledger.ts";
import { address } from "../support/shop/orders.ts";
import { startShop, type Running } from "../support/servers/processes.ts";
import { generator } from "../support/random.ts";
import { until } from "../support/until.ts";
import { brokenStock } from "../support/shop/stock.ts";

/**
 * The whole shop is killed at random moments under load. Every order that was answered 201 must be
 * stored and settle, charged at most once, and the stock must be consistent.
 */

/** The chaos run kills the nodes of a cluster more often. */
const kills = 4;
const clients = 8;
/** The same seed kills at the same moments after the first accepted order. */
const seed = Number(process.env.TEST_SEED ?? 42);

const dataDir = mkdtempSync(join(tmpdir(), "shop-crash-"));
const environment = {
	DATA_DIR: dataDir,
	SAGA_LEASE_MS: "2000",
	SAGA_POLL_MS: "100",
	ORDER_MAX_OPEN: "0"
};
const accepted = new Set<string>();

afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

const methods = [
	"pm_card_visa",
	"pm_card_visa",
	"pm_card_visa",
	"pm_card_chargeDeclined",
	"pm_sim_dropConnection"
];

async function placeOne(url: string, n: number): Promise<void> {
	const product_id = `prod-${String((n % 20) + 1).padStart(3, "0")}`;
	const response = await fetch(`${url}/api/v1/orders`, {
		method: "POST",
		headers: { "content-type": "application/json", "idempotency-key": `crash-${n}` },
		body: JSON.stringify({
			items: [{ product_id, quantity: 1 + (n % 3) }],
			shipping_address: address,
			payment_method: methods[n % methods.length]
		})
	});
	const body = (await response.json()) as { id: string };
	if (response.status === 201) accepted.add(body.id);
}

/** Orders from several clients until the shop no longer responds. */
async function load(shop: Running, next: () => number, dead: () => boolean): Promise<void> {
	const client = async () => {
		while (!dead()) await placeOne(shop.url, next()).catch(() => undefined);
	};
	await Promise.all(Array.from({ length: clients }, client));
}

async function statusOf(url: string, id: string): Promise<string> {
	const response = await fetch(`${url}/api/v1/orders/${id}`);
	expect(response.status).toBe(200);
	return ((await response.json()) as { status: string }).status;
}

it(`loses no order and charges none twice, killed ${kills} times under load`, async () => {
	const random = generator(seed);
	let number = 0;
	for (let kill = 0; kill < kills; kill++) {
		const shop = await startShop(environment);
		let dead = false;
		const under = load(
			shop,
			() => number++,
			() => dead
		);
		const before = accepted.size;
		await until(async () => accepted.size > before, 30_000);
		await new Promise(resolve => setTimeout(resolve, random() * 700));
		await shop.kill9();
		dead = true;
		await under;
	}
	expect(accepted.size).toBeGreaterThanOrEqual(kills);

	const shop = await startShop(environment);
	const ends = new Map<string, number>();
	for (const id of accepted) {
		const status = await until(async () => {
			const now = await statusOf(shop.url, id);
			return ["confirmed", "payment_failed", "cancelled"].includes(now) ? now : undefined;
		}, 60_000);
		ends.set(status, (ends.get(status) ?? 0) + 1);
	}
	expect(await shop.stop()).toBe(0);
	expect(ends.get("confirmed")).toBeGreaterThan(0);
	await laws();
}, 300_000);

/** Read from the database and the simulator's ledger, with the shop stopped. */
async function laws(): Promise<void> {
	const { charges } = await readLedger(join(dataDir, "psp-ledger.jsonl"));
	const charged = new Map<string, number>();
	for (const { order_id, status } of charges)
		if (status === "succeeded") charged.set(order_id, (charged.get(order_id) ?? 0) + 1);
	const server = await startPostgres({
		directory: new DataFolder(dataDir).postgres,
		connections: 10,
		progress: () => undefined,
		onCrash: () => undefined
	});
	const client = new pg.Client({ connectionString: server.url });
	await client.connect();
	try {
		const orders = await client.query<{ id: string; status: string }>(
			"select id, status from orders.orders"
		);
		const wrong = orders.rows.filter(
			({ id, status }) => (charged.get(id) ?? 0) !== (status === "confirmed" ? 1 : 0)
		);
		expect(wrong).toEqual([]);
		expect((await client.query("select 1 from orders.saga")).rows).toEqual([]);
		expect(await brokenStock({ rows: async sql => (await client.query(sql)).rows })).toEqual([]);
		const reserved = await client.query("select 1 from product.stock where reserved <> 0");
		expect(reserved.rows).toEqual([]);
	} finally {
		await client.end();
		await server.stop();
	}
}
