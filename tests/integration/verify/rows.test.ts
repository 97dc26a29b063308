import pg from "pg";
import { toConfig, type Config } from "../../../config/index.ts";
import { readEnvironment } from "../../../config/read-environment.ts";
import type { Verifier } from "../../../verify/verifier.ts";
import { verify as verifyOrders } from "../../../verify/orders.verifier.ts";
import { verify as verifyPayments } from "../../../verify/payments.verifier.ts";
import { verify as verifyStock } from "../../../verify/stock.verifier.ts";
import { order } from "../../../contracts/order.ts";
import { newId } from "../../../lib/id.ts";
import { call } from "../../../lib/service.ts";
import { openProvider } from "../../../services/payment/provider/provider.factory.ts";
import { place, settledOrder } from "../../support/shop/orders.ts";
import { until } from "../../support/until.ts";
import { admin, alice, as } from "../../support/shop/callers.ts";
import { useShop } from "../../support/shop/use-shop.ts";
import { orderServices } from "../../support/shop/services.ts";

const shop = useShop(orderServices);
let client: pg.Client;
let config: Config & { databaseUrl: string };
/** Orders in different states; the first was shipped, the second refunded, the last returned. */
let ids: string[];

beforeAll(async () => {
	const { database, dataDir } = shop;
	const environment = { DATABASE_URL: database.url, DATA_DIR: dataDir };
	config = { ...toConfig(readEnvironment(environment)), databaseUrl: database.url };
	client = new pg.Client({ connectionString: database.url });
	await client.connect();
	shop.defer(() => client.end());
	const methods = ["visa", "visa", "chargeDeclined", "visa", "visa"].map(name => `pm_card_${name}`);
	const placed = await Promise.all(
		methods.map(payment_method => place(shop.broker, { payment_method, wait_s: 10 }))
	);
	ids = placed.map(answer => answer.order.id);
	const parcel = { carrier: "UPS", tracking_number: "1Z" };
	await call(shop.broker, order.actions.ship, { id: ids[0]!, ...parcel }, as(admin));
	const why = { reason: "changed my mind", idempotency_key: newId() };
	await call(shop.broker, order.actions.cancel, { id: ids[1]!, ...why }, as(alice));
	await settledOrder(shop.broker, ids[1]!);
	await bringBack(ids[4]!);
}, 60_000);

async function bringBack(id: string): Promise<void> {
	await call(
		shop.broker,
		order.actions.ship,
		{ id, carrier: "UPS", tracking_number: "1Z" },
		as(admin)
	);
	await call(shop.broker, order.actions.deliver, { id }, as(admin));
	const items = [{ product_id: "prod-001", quantity: 1 }];
	const why = { reason: "too small", idempotency_key: newId() };
	const { request, approve } = {
		request: order.actions["return.request"],
		approve: order.actions["return.approve"]
	};
	const asked = await call(shop.broker, request, { id, items, ...why }, as(alice));
	await call(shop.broker, approve, { id: asked.return.id }, as(admin));
	await until(async () => (await settledOrder(shop.broker, id)).status === "returned");
}

async function differences(verify: Verifier): Promise<string[]> {
	const found = [];
	for await (const line of verify({ client, config, progress: () => undefined })) found.push(line);
	return found;
}

/** What is found after a superuser, who bypasses constraints, made the change; then it is rolled back. */
async function after(verify: Verifier, sql: string, values: unknown[] = []): Promise<string[]> {
	await client.query("begin");
	try {
		await client.query("set local session_replication_role = replica");
		const { rowCount } = await client.query(sql, values);
		expect(rowCount).toBeGreaterThan(0);
		return await differences(verify);
	} finally {
		await client.query("rollback");
	}
}

describe("a return", () => {
	it("that its order does not have is reported", async () => {
		const reopened =
			"update orders.returns set status = 'approved', refunded_minor = null where order_id = $1";
		expect(await after(verifyOrders, reopened, [ids[4]])).toContain(
			`order ${ids[4]} version 7: a return is open`
		);
		const lost = "delete from orders.returns where order_id = $1";
		expect(await after(verifyStock, lost, [ids[4]])).toEqual([
			expect.stringContaining("product prod-001: 0 returned, 1 restocked")
		]);
	});

	it("whose refunded amount differs from its refund is reported", async () => {
		const sql = "update orders.returns set refunded_minor = refunded_minor + 1 where order_id = $1";
		expect(await after(verifyPayments, sql, [ids[4]])).toEqual([
			expect.stringMatching(/^return .* refunded, its refund is /)
		]);
	});

	it("that was not restocked is reported", async () => {
		const sql = "delete from product.return_restocks where order_id = $1";
		expect(await after(verifyStock, sql, [ids[4]])).toContainEqual(
			expect.stringContaining("1 returned, 0 restocked")
		);
	});
});

describe("verify orders", () => {
	it("finds nothing in unchanged data", async () => {
		expect(await differences(verifyOrders)).toEqual([]);
	});

	it("finds nothing in an order that no saga has worked on yet", async () => {
		const untouched = `
			with later as (delete from orders.history where order_id = $1 and version > 1),
				published as (delete from orders.outbox where order_id = $1 and version > 1)
			update orders.orders o set status = 'pending', shipment = null, version = 1, updated_at = created_at,
				history_hash = h.hash from orders.history h where id = $1 and h.order_id = id and h.version = 1`;
		expect(await after(verifyOrders, untouched, [ids[0]])).toEqual([]);
	});

	it.each([
		["type", "'order.delivered'"],
		["from_status", "'pending'"],
		["to_status", "'delivered'"],
		["reason", "coalesce(reason, '') || '.'"],
		["actor", `'{"id": "user-123", "role": "customer"}'`],
		["at", "at + interval '1 microsecond'"],
		["snapshot", "replace(snapshot::text, 'UPS', 'DHL')::json"],
		["hash", "sha256(hash)"]
	])("reports the row whose %s was altered", async (column, value) => {
		const sql = `update orders.history set ${column} = ${value} where order_id = $1 and version = 4`;
		const found = await after(verifyOrders, sql, [ids[0]]);
		expect(found).toContain(`order ${ids[0]} version 4: was altered`);
		expect(found.every(line => line.startsWith(`order ${ids[0]} version`))).toBe(true);
	});

	it.each([1, 2, 3, 4, 5])("reports row %i when it was removed", async version => {
		const sql = "delete from orders.history where order_id = $1 and version = $2";
		const found = await after(verifyOrders, sql, [ids[1], version]);
		expect(found).toContain(`order ${ids[1]} version ${version}: is missing`);
	});

	it("reports a row that was renumbered, or moved to another order", async () => {
		const renumbered = "update orders.history set version = 9 where order_id = $1 and version = 4";
		expect(await after(verifyOrders, renumbered, [ids[0]])).toContain(
			`order ${ids[0]} version 4: is missing`
		);
		const moved = "update orders.history set order_id = $2 where order_id = $1 and version = 4";
		const found = await after(verifyOrders, moved, [ids[0], ids[2]]);
		expect(found).toContain(`order ${ids[0]} version 4: is missing`);
		expect(found).toContain(`order ${ids[2]} version 4: was altered`);
	});

	it("reports a row that was added, even with the right hash", async () => {
		const sql = `insert into orders.history (order_id, version, type, from_status, to_status, actor, at, snapshot, hash)
			select order_id, version + 1, 'order.delivered', to_status, 'delivered', actor, at, snapshot,
				orders.history_hash(hash, order_id, version + 1, 'order.delivered', to_status, 'delivered', null, actor, at, snapshot)
			from orders.history where order_id = $1 and version = 4`;
		expect(await after(verifyOrders, sql, [ids[0]])).toContain(
			`order ${ids[0]} version 5: was added`
		);
	});

	it.each([
		["status", "'delivered'"],
		["reason", "'because'"],
		["user_id", "'user-456'"],
		["items", "jsonb_set(items, '{0,quantity}', '3')"],
		["shipping_address", "jsonb_set(shipping_address, '{zip}', '\"0\"')"],
		["shipment", `'{"carrier": "DHL", "tracking_number": "1Z"}'`]
	])("reports an order whose %s differs from its history", async (column, value) => {
		const sql = `update orders.orders set ${column} = ${value} where id = $1`;
		const found = await after(verifyOrders, sql, [ids[0]]);
		expect(found).toEqual([expect.stringContaining(`order ${ids[0]} version 4: ${column} is `)]);
	});

	it.each([
		["subtotal_minor = subtotal_minor + 1, total_minor = total_minor + 1", "totals is "],
		["currency = 'EUR'", "totals is "],
		["version = version + 1", "is missing"],
		["version = version - 1", "was added"],
		["history_hash = ''", "is not what the order says it is"],
		["created_at = created_at - interval '1 s'", "times are not those of its history"],
		["updated_at = updated_at + interval '1 s'", "times are not those of its history"]
	])("reports a change: %s", async (change, says) => {
		const sql = `update orders.orders set ${change} where id = $1`;
		const found = await after(verifyOrders, sql, [ids[0]]);
		expect(found).toContainEqual(expect.stringContaining(says));
	});

	it("reports missing rows", async () => {
		expect(await after(verifyOrders, "delete from orders.orders where id = $1", [ids[2]])).toEqual([
			`order ${ids[2]} version 3: has no order`
		]);
		const events = "delete from orders.outbox where order_id = $1 and version = 2";
		expect(await after(verifyOrders, events, [ids[2]])).toEqual([
			`order ${ids[2]} version 2: has no event in the outbox, or another one`
		]);
		const history = "delete from orders.history where order_id = $1";
		expect(await after(verifyOrders, history, [ids[2]])).toContain(
			`order ${ids[2]} version 3: has no history`
		);
	});
});

describe("verify stock", () => {
	it("finds nothing in unchanged data", async () => {
		expect(await differences(verifyStock)).toEqual([]);
	});

	it.each([
		["update product.stock set on_hand = on_hand + 1 where product_id = 'prod-001'", "on hand"],
		["update product.stock set reserved = reserved + 1 where product_id = 'prod-001'", "reserved"],
		["delete from product.stock where product_id = 'prod-001'", "has no stock row"],
		[
			"update product.availability set is_sold_out = true where product_id = 'prod-001'",
			"sold out"
		],
		[
			"delete from product.stock_ledger where product_id = 'prod-001' and reason = 'initial'",
			"on hand"
		]
	])("reports the product after: %s", async (sql, says) => {
		const found = await after(verifyStock, sql);
		expect(found).toContainEqual(expect.stringContaining(says));
		expect(found.every(line => line.startsWith("product prod-001: "))).toBe(true);
	});

	it.each([
		["update product.stock_ledger set d_on_hand = -3 where order_id = $1 and reason = 'sold'", 0],
		["delete from product.stock_ledger where order_id = $1 and reason = 'reserved'", 0],
		[
			"update product.stock_ledger set reason = 'expired' where order_id = $1 and reason = 'released'",
			2
		],
		["update product.reservation set quantity = 3 where order_id = $1", 3],
		["delete from product.reservation where order_id = $1", 3],
		["delete from product.reservation_head where order_id = $1", 0],
		["update product.reservation_head set state = 'released' where order_id = $1", 0],
		["update product.reservation_head set state = 'committed' where order_id = $1", 1],
		["update product.reservation_head set state = 'locked' where order_id = $1", 2],
		["update product.reservation_head set user_id = 'user-456' where order_id = $1", 0],
		["update orders.orders set status = 'cancelled' where id = $1", 0],
		["update orders.orders set status = 'confirmed' where id = $1", 1],
		["update orders.orders set status = 'confirmed' where id = $1", 2],
		["update product.reservation set restocked = 1 where order_id = $1", 0],
		[
			"insert into product.return_restocks select gen_random_uuid(), product_id, order_id, 1 from product.reservation where order_id = $1",
			0
		],
		["delete from orders.orders where id = $1", 3]
	])("reports the order after: %s (%i)", async (sql, which) => {
		const found = await after(verifyStock, sql, [ids[which]]);
		expect(found).toContainEqual(expect.stringContaining(`order ${ids[which]}: `));
	});
});

describe("verify payments", () => {
	const payment = "update payment.payments set";

	it("finds nothing in unchanged data", async () => {
		expect(await differences(verifyPayments)).toEqual([]);
	});

	it.each<[fault: string, order: number, sql: string, says: RegExp]>([
		[
			"another amount",
			0,
			`${payment} amount_minor = amount_minor + 1`,
			/is over \d+ USD, the provider's \S+ over \d+ USD/
		],
		[
			"another amount than the order",
			0,
			`${payment} amount_minor = amount_minor + 1`,
			/the order over/
		],
		[
			"a failed payment that was charged",
			0,
			`${payment} status = 'failed', failure_code = 'x'`,
			/failed, and the provider charged it/
		],
		[
			"a paid order whose payment failed",
			0,
			`${payment} status = 'failed', failure_code = 'x'`,
			/the order is shipped, the payment failed/
		],
		[
			"a succeeded payment that was not charged",
			2,
			`${payment} status = 'succeeded', provider_ref = 'ch_x'`,
			/succeeded, and the provider did not charge it/
		],
		[
			"a failed order that was charged",
			2,
			`${payment} status = 'succeeded', provider_ref = 'ch_x'`,
			/the order is payment_failed, and \d+ are kept/
		],
		[
			"a missing payment",
			0,
			"delete from payment.payments",
			/unknown here; the provider's \S+ is succeeded/
		],
		[
			"a refund that was not made",
			0,
			`${payment} refunded_minor = 1`,
			/1 refunded, its refunds are 0/
		],
		[
			"a refund below that of the provider",
			1,
			"update payment.refunds r set amount_minor = r.amount_minor - 1 from payment.payments p where r.payment_id = p.id and p",
			/refunded, the provider says/
		],
		[
			"a change without an event",
			0,
			`${payment} seq = seq + 1`,
			/is at change 3, of 2 that are recorded the last is 2/
		],
		[
			"an event that was altered",
			0,
			"update payment.events e set status = 'failed' from payment.payments p where e.payment_id = p.id and p",
			/its last event says failed/
		]
	])("reports %s", async (_, index, sql, says) => {
		const where = / and p$/.test(sql) ? ".order_id = $1" : " where order_id = $1";
		const found = await after(verifyPayments, `${sql}${where}`, [ids[index]]);
		expect(found).toContainEqual(expect.stringMatching(says));
		expect(found.every(line => line.includes(ids[index]!))).toBe(true);
	});

	it("reports a charge that the shop never requested", async () => {
		const provider = await openProvider(config);
		const [key, order_id] = [newId(), newId()];
		const amount = { amount: 100, currency: "USD" };
		await provider.charge({ key, order_id, amount, payment_method: "pm_card_visa" });
		await provider.close();
		expect(await differences(verifyPayments)).toEqual([
			expect.stringMatching(`^payment ${key} of order ${order_id}: unknown here`)
		]);
	});
});
