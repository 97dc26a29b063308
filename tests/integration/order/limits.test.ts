import type { ServiceBroker } from "moleculer";
import pg from "pg";
import { newId } from "../../../lib/id.ts";
import orderService from "../../../services/order/order.service.ts";
import paymentService from "../../../services/payment/payment.service.ts";
import productService from "../../../services/product/product.service.ts";
import { testDatabase, type TestDatabase } from "../../support/servers/database.ts";
import { startNode, temporaryFolder } from "../../support/servers/start-node.ts";
import { alice, bob, place, settledOrder } from "../../support/shop/orders.ts";
import { until } from "../../support/until.ts";

/** Two nodes without a bus on one database: they share nothing else. */

let database: TestDatabase;
let nodes: ServiceBroker[];
const maxOpen = 5;

beforeAll(async () => {
	database = await testDatabase();
	nodes = [];
	for (let n = 0; n < 2; n++)
		nodes.push(
			await startNode([productService, paymentService, orderService], {
				DATABASE_URL: database.url,
				DATA_DIR: await temporaryFolder(),
				ORDER_MAX_OPEN: String(maxOpen),
				ORDER_MAX_QUANTITY: "50"
			})
		);
}, 30_000);

afterAll(async () => {
	for (const node of nodes) await node.stop();
	await database.drop();
});

/** Slow payments: the orders stay open. */
const slow = { payment_method: "pm_sim_slow" };
const openOf = async (user: string) =>
	(await database.rows("select 1 from orders.saga where user_id = $1", [user])).length;
const refused = { type: "TOO_MANY_OPEN_ORDERS", code: 429 };

describe("the number of open orders", () => {
	afterEach(() => until(async () => (await openOf(alice.id)) === 0, 30_000), 35_000);

	it("is kept for 50 requests of one user at once, over several nodes", async () => {
		const answers = await Promise.allSettled(
			Array.from({ length: 50 }, (_, n) => place(nodes[n % 2]!, slow))
		);
		expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(maxOpen);
		for (const answer of answers)
			if (answer.status === "rejected") expect(answer.reason).toMatchObject(refused);
		expect(await openOf(alice.id)).toBe(maxOpen);
		const [row] = await database.rows<{ n: number }>(
			"select count(*)::int as n from orders.orders"
		);
		expect(row!.n).toBe(maxOpen);
	});

	it("is counted after concurrent orders of the same user are committed", async () => {
		const client = new pg.Client({ connectionString: database.url });
		await client.connect();
		try {
			await client.query("begin");
			await client.query("select * from orders.open_orders(array[$1])", [alice.id]);
			const waiting = Promise.allSettled([place(nodes[0]!)]);
			const waits = "select 1 from pg_locks where locktype = 'advisory' and not granted";
			await until(async () => (await database.rows(waits)).length > 0);
			const order = `insert into orders.orders (id, user_id, status, items, shipping_address, payment_method,
				currency, subtotal_minor, shipping_minor, tax_minor, total_minor, history_hash)
				select gen_random_uuid(), $1, 'pending', '[]', '{}', '', 'USD', 1, 0, 0, 1, '' from generate_series(1, $2)
				returning id`;
			const saga = `with o as (${order}) insert into orders.saga (order_id, user_id, step, next_run_at)
				select id, $1, 'forward', now() + interval '1 h' from o`;
			await client.query(saga, [alice.id, maxOpen]);
			await client.query("commit");
			expect(await waiting).toMatchObject([{ status: "rejected", reason: refused }]);
		} finally {
			await client.query("delete from orders.saga where next_run_at > now() + interval '30 min'");
			await client.end();
		}
	});

	it("is counted per user, and without settled orders", async () => {
		const placed = [];
		for (let n = 0; n < maxOpen; n++) placed.push(await place(nodes[n % 2]!, slow));
		await expect(place(nodes[0]!)).rejects.toMatchObject(refused);
		await expect(place(nodes[0]!, { wait_s: 10 }, bob)).resolves.toMatchObject({
			order: { status: "confirmed" }
		});
		for (const { order } of placed) await settledOrder(nodes[0]!, order.id, 30_000);
		await expect(place(nodes[0]!)).resolves.toMatchObject({ replayed: false });
	}, 40_000);

	it("does not prevent a repeated response", async () => {
		const key = { ...slow, idempotency_key: newId() };
		const first = await place(nodes[0]!, key);
		for (let n = 1; n < maxOpen; n++) await place(nodes[n % 2]!, slow);
		const again = await Promise.all(
			Array.from({ length: 20 }, (_, n) => place(nodes[n % 2]!, key))
		);
		for (const answer of again) expect(answer).toEqual({ ...first, replayed: true });
		await expect(place(nodes[0]!)).rejects.toMatchObject(refused);
	}, 20_000);

	it("counts one key once", async () => {
		const keys = Array.from({ length: maxOpen }, () => ({ ...slow, idempotency_key: newId() }));
		const all = Array.from({ length: 40 }, (_, n) => place(nodes[n % 2]!, keys[n % maxOpen]!));
		const answers = await Promise.all(all);
		expect(new Set(answers.map(({ order }) => order.id)).size).toBe(maxOpen);
	}, 20_000);
});

it("limits the units of one product in an order, on one line or several", async () => {
	const items = (...quantities: number[]) => ({
		items: quantities.map(quantity => ({ product_id: "prod-001", quantity }))
	});
	for (const [basket, line] of [
		[items(51), 0],
		[items(30, 21), 1]
	] as const)
		await expect(place(nodes[0]!, basket)).rejects.toMatchObject({
			type: "VALIDATION_FAILED",
			code: 422,
			data: {
				errors: [{ pointer: `/items/${line}/quantity`, detail: expect.stringContaining("50") }]
			}
		});
	await expect(place(nodes[0]!, items(25, 25))).resolves.toMatchObject({ replayed: false });
});
