import { Database, serviceUrl } from "../../../db/database.ts";
import { migrate, migrations } from "../../../db/migrate.ts";
import { fingerprint } from "../../../idempotency/fingerprint.ts";
import { Idempotency } from "../../../idempotency/idempotency.ts";
import { newId } from "../../../lib/id.ts";
import { expectFailure } from "../../support/expect-failure.ts";
import { testDatabase, type TestDatabase } from "../../support/servers/database.ts";

/** Keys that were used before all services shared them keep their responses. */

const before = /^(order\/0013|payment\/0007|product\/0007)/;
const [orderId, otherOrder, paymentId, answeredRefund, openRefund] = Array.from(
	{ length: 5 },
	newId
) as [string, string, string, string, string];
let database: TestDatabase;

beforeAll(async () => {
	database = await testDatabase("template1");
	const all = await migrations();
	const older = all.filter(({ service, file }) => !before.test(`${service}/${file}`));
	await migrate(database.url, older);
	const insertKey = `insert into orders.idempotency (principal, route, key, request_hash, order_id, answer, created_at)
		values ('alice', $1, $2, '', $3, $4, $5)`;
	for (const row of [
		["POST /orders", "both", orderId, '{"b": 1, "a": 2}', "2026-01-01Z"],
		["POST /orders/{id}/cancel", "both", otherOrder, '{"late": 1}', "2026-01-02Z"],
		["POST /orders/{id}/cancel", "cancel", orderId, '{"c": 1}', "2026-01-02Z"],
		["POST /orders/{id}/returns", "return", orderId, '{"r": 1}', "2026-01-03Z"]
	])
		await database.rows(insertKey, row);
	await database.rows(
		`insert into payment.payments (id, order_id, user_id, amount_minor, currency, payment_method, status, provider_ref, refunded_minor)
		values ($1, $2, 'alice', 1000, 'USD', 'pm_card_visa', 'succeeded', 'ch_1', 300)`,
		[paymentId, orderId]
	);
	for (const [id, key, answer] of [
		[answeredRefund, "refund:answered", '{"refunded": 1}'],
		[openRefund, "refund:both", null],
		[newId(), "rest:0", null]
	])
		await database.rows(
			`insert into payment.refunds (id, payment_id, purpose, amount_minor, reason, requested_by, answer)
			values ($1, $2, $3, 100, 'broken', 'alice', $4)`,
			[id, paymentId, key, answer]
		);
	await database.rows("insert into product.stock (product_id, on_hand) values ('mug', 8)");
	await database.rows(
		`insert into product.stock_ledger (product_id, reason, d_on_hand, d_reserved, note, actor, key)
		values ('mug', 'adjusted', 8, 0, 'delivery', 'alice', 'stock')`
	);
	await migrate(database.url);
}, 60_000);
afterAll(() => database.drop());

it("keeps keys with their requests and responses, the first one where a key was used on several routes", async () => {
	const rows = await database.rows(
		`select key, service, action, subject, answer::text as answer, is_answered
		from idempotency.request order by key`
	);
	const kept = { is_answered: true };
	const stock =
		'{"product_id" : "mug", "on_hand" : 8, "reserved" : 0, "available" : 8, "ledger" : []}';
	expect(rows).toEqual([
		{
			key: "answered",
			service: "shop_payment",
			action: "payment.refund",
			subject: answeredRefund,
			answer: '{"refunded": 1}',
			...kept
		},
		{
			key: "both",
			service: "shop_orders",
			action: "order.place",
			subject: orderId,
			answer: '{"b": 1, "a": 2}',
			...kept
		},
		{
			key: "cancel",
			service: "shop_orders",
			action: "order.cancel",
			subject: orderId,
			answer: '{"c": 1}',
			...kept
		},
		{
			key: "return",
			service: "shop_orders",
			action: "order.return.request",
			subject: orderId,
			answer: '{"r": 1}',
			...kept
		},
		{
			key: "stock",
			service: "shop_product",
			action: "product.stock.adjust",
			subject: null,
			answer: stock,
			...kept
		}
	]);
});

it.each([
	["order", "both", "order.place", "", true],
	["order", "both", "order.cancel", orderId, false],
	["order", "cancel", "order.cancel", orderId, true],
	["order", "cancel", "order.cancel", otherOrder, false],
	["order", "return", "order.return.request", orderId, true],
	["payment", "answered", "payment.refund", paymentId, true],
	["payment", "answered", "payment.refund", newId(), false],
	["product", "stock", "product.stock.adjust", "mug", true],
	["product", "stock", "product.stock.adjust", "cup", false]
] as const)(
	"of %s, %s answers %s of its target only (%s: %p)",
	async (service, key, action, target, isSame) => {
		const url = serviceUrl(database.url, service);
		const db = new Database({ url, pool: 1, durability: "strict", name: "upgrade" });
		try {
			const found = new Idempotency(db).find({
				principal: "alice",
				key,
				action,
				target,
				hash: fingerprint([action, { id: target }])
			});
			if (isSame) expect((await found)!.is_answered).toBe(true);
			else await expectFailure(found, "IDEMPOTENCY_KEY_REUSED");
		} finally {
			await db.close();
		}
	}
);

it("keeps which refunds were answered", async () => {
	const rows = await database.rows<{ id: string }>(
		"select id from payment.refunds where is_answered"
	);
	expect(rows).toEqual([{ id: answeredRefund }]);
});
