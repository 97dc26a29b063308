import pg from "pg";
import { newId } from "../../../lib/id.ts";
import { place, settledOrder } from "../../support/shop/orders.ts";
import { until } from "../../support/until.ts";
import { alice, bob } from "../../support/shop/callers.ts";
import { useShop } from "../../support/shop/use-shop.ts";
import { expectFailure, successesOf } from "../../support/expect-failure.ts";
import { orderServices } from "../../support/shop/services.ts";

/** Two nodes without a bus on one database: they share nothing else. */

const maxOpen = 5;

const shop = useShop(
	orderServices,
	{ ORDER_MAX_OPEN: String(maxOpen), ORDER_MAX_QUANTITY: "50" },
	{ nodes: 2 }
);

/** Slow payments: the orders stay open. */
const slow = { payment_method: "pm_sim_slow" };
const openOf = async (user: string) =>
	(await shop.database.rows("select 1 from orders.saga where user_id = $1", [user])).length;

describe("the number of open orders", () => {
	afterEach(() => until(async () => (await openOf(alice.id)) === 0, 30_000), 35_000);

	it("is kept for 50 requests of one user at once, over several nodes", async () => {
		const attempts = Array.from({ length: 50 }, (_, n) => place(shop.nodes[n % 2]!, slow));
		expect(await successesOf(attempts, "TOO_MANY_OPEN_ORDERS")).toHaveLength(maxOpen);
		expect(await openOf(alice.id)).toBe(maxOpen);
		const [row] = await shop.database.rows<{ n: number }>(
			"select count(*)::int as n from orders.orders"
		);
		expect(row!.n).toBe(maxOpen);
	});

	it("is counted after concurrent orders of the same user are committed", async () => {
		const client = new pg.Client({ connectionString: shop.database.url });
		await client.connect();
		try {
			await client.query("begin");
			await client.query("select * from orders.open_orders(array[$1])", [alice.id]);
			const waiting = expectFailure(place(shop.nodes[0]!), "TOO_MANY_OPEN_ORDERS");
			const waits = "select 1 from pg_locks where locktype = 'advisory' and not granted";
			await until(async () => (await shop.database.rows(waits)).length > 0);
			const order = `insert into orders.orders (id, user_id, status, items, shipping_address, payment_method,
				currency, subtotal_minor, shipping_minor, tax_minor, total_minor, history_hash)
				select gen_random_uuid(), $1, 'pending', '[]', '{}', '', 'USD', 1, 0, 0, 1, '' from generate_series(1, $2)
				returning id`;
			const saga = `with o as (${order}) insert into orders.saga (order_id, user_id, step, next_run_at)
				select id, $1, 'forward', now() + interval '1 h' from o`;
			await client.query(saga, [alice.id, maxOpen]);
			await client.query("commit");
			await waiting;
		} finally {
			await client.query("delete from orders.saga where next_run_at > now() + interval '30 min'");
			await client.end();
		}
	});

	it("is counted per user, and without settled orders", async () => {
		const placed = [];
		for (let n = 0; n < maxOpen; n++) placed.push(await place(shop.nodes[n % 2]!, slow));
		await expectFailure(place(shop.nodes[0]!), "TOO_MANY_OPEN_ORDERS");
		await expect(place(shop.nodes[0]!, { wait_s: 10 }, bob)).resolves.toMatchObject({
			order: { status: "confirmed" }
		});
		for (const { order } of placed) await settledOrder(shop.nodes[0]!, order.id, 30_000);
		await expect(place(shop.nodes[0]!)).resolves.toMatchObject({ replayed: false });
	}, 40_000);

	it("does not prevent a repeated response", async () => {
		const key = { ...slow, idempotency_key: newId() };
		const first = await place(shop.nodes[0]!, key);
		for (let n = 1; n < maxOpen; n++) await place(shop.nodes[n % 2]!, slow);
		const again = await Promise.all(
			Array.from({ length: 20 }, (_, n) => place(shop.nodes[n % 2]!, key))
		);
		for (const answer of again) expect(answer).toEqual({ ...first, replayed: true });
		await expectFailure(place(shop.nodes[0]!), "TOO_MANY_OPEN_ORDERS");
	}, 20_000);

	it("counts one key once", async () => {
		const keys = Array.from({ length: maxOpen }, () => ({ ...slow, idempotency_key: newId() }));
		const all = Array.from({ length: 40 }, (_, n) => place(shop.nodes[n % 2]!, keys[n % maxOpen]!));
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
		await expectFailure(place(shop.nodes[0]!, basket), "VALIDATION_FAILED", {
			pointer: `/items/${line}/quantity`,
			detail: "50"
		});
	await expect(place(shop.nodes[0]!, items(25, 25))).resolves.toMatchObject({ replayed: false });
});
