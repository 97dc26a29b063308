import { join } from "node:path";
import pg from "pg";
import { startPostgres } from "../../../launch/servers/embedded-postgres.ts";
import { product } from "../../../contracts/product.ts";
import { migrate } from "../../../db/migrate.ts";
import { newId } from "../../../lib/id.ts";
import { call } from "../../../lib/service.ts";
import notificationService from "../../../services/notification/notification.service.ts";
import { statements } from "../../../services/product/product.outbox.ts";
import { ReservationRepository } from "../../../services/product/stock/reservation.repository.ts";
import productService from "../../../services/product/product.service.ts";
import userService from "../../../services/user/user.service.ts";
import { temporaryFolder } from "../../support/servers/temporary-folder.ts";
import { seedProducts } from "../../support/shop/stock.ts";
import { until } from "../../support/until.ts";
import { useShop } from "../../support/shop/use-shop.ts";
import { newTokenKey } from "../../support/shop/token-key.ts";
import { connect } from "../../support/servers/database.ts";
import { streamDriver } from "../../support/streams/stream-driver.ts";

describe("low stock, from the commit to the mailbox", () => {
	const shop = useShop(
		[userService, productService, notificationService],
		{ LOG_LEVEL: "fatal", ...newTokenKey() },
		{
			prepare: database =>
				database.rows("update users.users set role = 'admin' where id = 'user-support'")
		}
	);

	async function sell(id: string, quantity: number): Promise<void> {
		const order_id = newId();
		const orders = [{ order_id, lines: [{ product_id: id, quantity }] }];
		await call(shop.broker, product.actions.reserve, { orders, lock: true });
		await call(shop.broker, product.actions.commit, { order_ids: [order_id] });
	}

	it("is sent to each of two admins", async () => {
		const [id] = await seedProducts(shop.database, "twice", 1, 6);
		await sell(id!, 1);
		await until(async () => {
			const rows = await shop.database.rows<{ recipient: string }>(
				"select recipient from notification.mailbox where body like '%' || $1 || '%'",
				[id]
			);
			return (
				rows
					.map(r => r.recipient)
					.sort()
					.join() === "admin@shop.test,support@shop.test"
			);
		}, 20_000);
	}, 40_000);

	it("is sent after the log was lost before a consumer had read it", async () => {
		const held = "select 1 from product.outbox where published_at is null";
		const mails = "select recipient from notification.mailbox where body like '%' || $1 || '%'";
		const [known] = await seedProducts(shop.database, "known", 1, 6);
		await sell(known!, 1);
		await until(async () => (await shop.database.rows(mails, [known])).length === 2, 20_000);
		// Published, but not read by the consumer.
		const [lost] = await seedProducts(shop.database, "lost", 1, 6);
		await shop.database.rows(
			`insert into product.outbox (product_id, type, payload, published_at)
			select $1, type, jsonb_set(payload, '{product_id}', to_jsonb($1::text)) || jsonb_build_object('name', $1::text), now()
			from product.outbox where product_id = $2`,
			[lost, known]
		);
		const ask = { meta: { user: { id: "ops", role: "admin" as const } } };
		const from = "2026-01-01T00:00:00Z";
		const { "outbox.refill": refill } = product.actions;
		const { refilled } = await call(shop.broker, refill, { from, dry_run: true }, ask);
		expect(refilled).toBeGreaterThanOrEqual(2);
		expect(await shop.database.rows(held)).toEqual([]);
		expect(await call(shop.broker, refill, { from }, ask)).toEqual({ refilled });
		await until(async () => (await shop.database.rows(mails, [lost])).length === 2, 20_000);
		expect(await shop.database.rows(mails, [known])).toHaveLength(2);
		const far = { from: "2099-01-01T00:00:00Z" };
		expect(await call(shop.broker, refill, far, ask)).toEqual({ refilled: 0 });
	}, 60_000);

	it("dead-letters invalid messages, and handles those that follow", async () => {
		const log = streamDriver(shop.database, 2);
		await log.publish("notifications", [{ key: "after-1", value: "{" }]);
		await log.close();
		const [id] = await seedProducts(shop.database, "after", 1, 6);
		await sell(id!, 1);
		const deadLetters = await until(async () => {
			const rows = await shop.database.rows("select topic, reason from notification.dead_letter");
			return rows.length > 0 ? rows : undefined;
		}, 20_000);
		expect(deadLetters).toEqual([{ topic: "notifications", reason: "not-json" }]);
		const dead = await shop.database.rows<{ headers: Record<string, string> }>(
			"select headers from streams.message where topic = 'notifications.dlq'"
		);
		expect(dead[0]!.headers).toMatchObject({
			"dlq-reason": "not-json",
			"dlq-topic": "notifications"
		});
		await until(async () => {
			const rows = await shop.database.rows(
				"select 1 from notification.mailbox where body like '%' || $1 || '%'",
				[id]
			);
			return rows.length > 0;
		}, 20_000);
	}, 60_000);
});

it("flushes the deferred commit before its row is published", async () => {
	const server = await startPostgres({
		directory: join(temporaryFolder(), "postgres"),
		connections: 20,
		progress: () => undefined,
		onCrash: () => undefined
	});
	const client = new pg.Client({ connectionString: server.url });
	client.on("error", () => undefined);
	try {
		await migrate(server.url);
		await client.connect();
		await client.query("alter system set wal_writer_delay = '10s'");
		await client.query("select pg_reload_conf()");
		const rows = async (sql: string, values: unknown[] = []) =>
			(await client.query(sql, values)).rows;
		const [id] = await seedProducts({ rows }, "late", 1, 6);
		const db = connect(server, "product", 2);
		const reservations = new ReservationRepository(db, { lowStock: 5, maxUnpaidPercent: 0 });
		const order_id = newId();
		await reservations.reserve({
			orders: [{ order_id, lines: [{ product_id: id!, quantity: 1 }] }],
			lock: true
		});
		await reservations.commit([order_id]);
		const [{ lsn }] = await rows("select pg_current_wal_insert_lsn()::text as lsn");
		const flushed = async () =>
			(await rows("select pg_current_wal_flush_lsn() >= $1::pg_lsn as is", [lsn]))[0].is;
		expect(await flushed()).toBe(false);
		const session = await db.session({ onLost: () => undefined });
		expect(await session.query(statements.pending, [10])).toHaveLength(1);
		expect(await flushed()).toBe(true);
		await session.close();
		await db.close();
	} finally {
		await client.end().catch(() => undefined);
		await server.stop();
	}
}, 60_000);
