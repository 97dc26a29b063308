import { product } from "../../../contracts/product.ts";
import { newId } from "../../../lib/id.ts";
import { call } from "../../../lib/service.ts";
import notificationService from "../../../services/notification/notification.service.ts";
import productService from "../../../services/product/product.service.ts";
import userService from "../../../services/user/user.service.ts";
import { seedProducts } from "../../support/shop/stock.ts";
import { until } from "../../support/until.ts";
import { admin, as } from "../../support/shop/callers.ts";
import { useShop } from "../../support/shop/use-shop.ts";
import { newTokenKey } from "../../support/shop/token-key.ts";

/** Admins are notified once each time the stock of a product falls below its threshold. */

const { actions } = product;

const shop = useShop([userService, productService, notificationService], {
	LOW_STOCK_THRESHOLD: "10",
	...newTokenKey()
});

let count = 0;

/** A product with so many units. */
async function stocked(units: number): Promise<string> {
	const [id] = await seedProducts(shop.database, `rare-${++count}`, 1, units);
	return id!;
}

const events = (productId: string) =>
	shop.database.rows<{ available: number; threshold: number }>(
		`select (payload->>'available')::int as available, (payload->>'threshold')::int as threshold
		from product.outbox where product_id = $1 order by id`,
		[productId]
	);

async function sell(productId: string, quantity: number): Promise<void> {
	const order_id = newId();
	const orders = [{ order_id, lines: [{ product_id: productId, quantity }] }];
	await call(shop.broker, actions.reserve, { orders, lock: true });
	await call(shop.broker, actions.commit, { order_ids: [order_id] });
}

const adjust = (productId: string, delta: number) =>
	call(
		shop.broker,
		actions["stock.adjust"],
		{ product_id: productId, delta, reason: "counted", idempotency_key: newId() },
		as(admin)
	);

/** Messages about a product in the mailbox: recipient and subject. */
const mails = (productId: string) =>
	shop.database.rows<{ recipient: string; subject: string }>(
		"select recipient, subject from notification.mailbox where body like '%' || $1 || '%'",
		[productId]
	);

it("is sent to every admin, once, when sales reduce the stock to the threshold", async () => {
	const id = await stocked(12);
	await sell(id, 1);
	expect(await events(id)).toEqual([]);
	await sell(id, 2);
	await sell(id, 3);
	expect(await events(id)).toEqual([{ available: 9, threshold: 10 }]);
	const found = await until(async () => {
		const list = await mails(id);
		return list.length > 0 ? list : undefined;
	}, 20_000);
	const admins = await shop.database.rows("select id from users.users where role = 'admin'");
	expect(found).toHaveLength(admins.length);
	expect(found[0]!.recipient).toBe("admin@shop.test");
}, 60_000);

it("is sent once when 50 concurrent sales cross the threshold", async () => {
	const id = await stocked(60);
	await Promise.all(Array.from({ length: 55 }, () => sell(id, 1)));
	expect(await events(id)).toHaveLength(1);
}, 60_000);

it("is sent again only if the stock was above the threshold meanwhile", async () => {
	const id = await stocked(20);
	await adjust(id, -10);
	await adjust(id, -1);
	expect(await events(id)).toHaveLength(1);
	await adjust(id, 1);
	await sell(id, 1);
	expect(await events(id)).toHaveLength(1);
	await adjust(id, 50);
	await sell(id, 49);
	expect(await events(id)).toEqual([
		{ available: 10, threshold: 10 },
		{ available: 10, threshold: 10 }
	]);
});

it("is not sent for units that are only reserved", async () => {
	const id = await stocked(12);
	const order_id = newId();
	const orders = [{ order_id, lines: [{ product_id: id, quantity: 10 }] }];
	await call(shop.broker, actions.reserve, { orders, lock: true });
	await call(shop.broker, actions.release, { order_ids: [order_id] });
	expect(await events(id)).toEqual([]);
});

it("is deleted a week after it was published", async () => {
	const id = await stocked(11);
	await sell(id, 1);
	await until(async () => {
		const rows = await shop.database.rows(
			"select 1 from product.outbox where product_id = $1 and published_at is not null",
			[id]
		);
		return rows.length > 0;
	}, 20_000);
	const week =
		"update product.outbox set published_at = published_at - interval '8 days' where product_id = $1";
	await shop.database.rows(week, [id]);
	await shop.database.rows("select product.purge_outbox(10)");
	expect(await events(id)).toEqual([]);
}, 30_000);

it("is in the topic in order, each event once", async () => {
	await until(
		async () =>
			(await shop.database.rows("select 1 from product.outbox where published_at is null"))
				.length === 0,
		20_000
	);
	const [counts] = await shop.database.rows(
		// One of them was deleted by now.
		`select (select count(*) from product.outbox)::int + 1 as written, count(*)::int as messages
		from streams.message where topic = 'notifications'`
	);
	expect(counts!.messages).toBe(counts!.written);
	const untaken = await shop.database.rows("select 1 from product.outbox where taken_at is null");
	expect(untaken).toEqual([]);
});
