import { setTimeout as delay } from "node:timers/promises";
import { maxClockSkewMs } from "../../../streams/clock-skew.ts";
import { analytics } from "../../../contracts/analytics.ts";
import { notification } from "../../../contracts/notification.ts";
import { order } from "../../../contracts/order.ts";
import { newId } from "../../../lib/id.ts";
import { call } from "../../../lib/service.ts";
import type { WithConsumer } from "../../../mixins/consumer.mixin.ts";
import type { PostgresDriver } from "../../../streams/postgres/postgres.driver.ts";
import { buildOrderEvent } from "../../support/streams/order-message.ts";
import { place } from "../../support/shop/orders.ts";
import { until } from "../../support/until.ts";
import { expectFailure, type FailureCode } from "../../support/expect-failure.ts";
import { admin, as, support } from "../../support/shop/callers.ts";
import { useShop } from "../../support/shop/use-shop.ts";
import { newTokenKey } from "../../support/shop/token-key.ts";
import { streamDriver } from "../../support/streams/stream-driver.ts";
import { allServices } from "../../support/shop/services.ts";

/** Operators' commands on the order events of a running shop: list, redrive, replay, refill. */

const shop = useShop(allServices, newTokenKey());
let log: PostgresDriver;
const ask = as(admin);
const { "stream.lag": salesLag, "stream.replay": salesReplay } = analytics.actions;
const { "stream.replay": newsReplay } = notification.actions;

beforeAll(async () => {
	log = streamDriver(shop.database, 2);
	shop.defer(() => log.close());
	for (let n = 0; n < 6; n++) await place(shop.broker, { wait_s: 10 });
	await caughtUp();
}, 120_000);

const count = async (of: string) => {
	const [row] = await shop.database.rows<{ count: number }>(
		`select count(*)::int as count from ${of}`
	);
	return row!.count;
};

const lags = () =>
	Promise.all([
		call(shop.broker, salesLag, {}, ask),
		call(shop.broker, notification.actions["stream.lag"], {}, ask)
	]);

/** Resolves when everything is published, handled and sent, and no replay is running. */
async function caughtUp(): Promise<void> {
	await until(async () => {
		const outbox = await call(shop.broker, order.actions["outbox.lag"], {}, ask);
		const pending = await count("notification.notifications where state = 'pending'");
		const isBehind = (await lags()).some(({ waiting, replay }) => waiting > 0 || replay !== null);
		return outbox.rows === 0 && pending === 0 && !isBehind;
	}, 30_000);
}

/** All data of sales in analytics. */
const sales = () =>
	shop.database.rows(
		`select window_start, currency, orders, revenue_minor, unique_users, (select json_agg(p order by product_id)
			from analytics.product_sales p where p.window_start = w.window_start) as products
		from analytics.windows w order by 1, 2`
	);
const revisions = async () =>
	(
		await shop.database.rows<{ revision: number }>(
			"select revision from analytics.windows order by window_start"
		)
	).map(({ revision }) => revision);
const mails = () => count("notification.mailbox");

async function replayed(action: typeof salesReplay | typeof newsReplay, params: object) {
	const plan = await call(
		shop.broker,
		action as typeof newsReplay,
		{ from: "oldest", ...params },
		ask
	);
	await caughtUp();
	return plan;
}

describe("a replay of analytics", () => {
	it("rebuilds the windows from the events, and emits them again", async () => {
		const before = await sales();
		await shop.database.rows(
			"update analytics.partitions set heard_at = heard_at - interval '1 minute'"
		);
		// The minute is over when the clock says so: it is marked as emitted as it is instead.
		await shop.database.rows(
			"update analytics.windows set revision = 3, dirty = false, emitted_at = now()"
		);
		await shop.database.rows(
			"update analytics.windows set orders = orders + 7, revenue_minor = revenue_minor * 2; delete from analytics.product_sales"
		);
		const plan = await replayed(salesReplay, {});
		expect(plan).toMatchObject({ group: "analytics", mode: "again", dry_run: false });
		expect(plan.messages).toBe(await count("streams.message where topic = 'orders'"));
		expect(await sales()).toEqual(before);
		expect(Math.min(...(await revisions()))).toBeGreaterThanOrEqual(3);
		expect(await count("analytics.windows where dirty")).toBeGreaterThan(0);
	}, 60_000);

	it("counts nothing twice when it is repeated", async () => {
		const before = await sales();
		await replayed(salesReplay, {});
		await replayed(salesReplay, { from: "0" });
		expect(await sales()).toEqual(before);
	}, 60_000);

	it("leaves windows alone that are before its start", async () => {
		await shop.database.rows(
			"update analytics.windows set window_start = window_start - interval '1 hour'"
		);
		const old = await sales();
		const at = new Date(Date.now() - 30 * 60_000).toISOString();
		await replayed(salesReplay, { from: at });
		expect((await sales()).slice(0, old.length)).toEqual(old);
		expect((await sales()).length).toBeGreaterThan(old.length);
		await shop.database.rows(
			"delete from analytics.windows where window_start < now() - interval '30 minutes'"
		);
	}, 60_000);

	it("continues with new events, each once", async () => {
		const orders = Array.from({ length: 4 }, () => place(shop.broker, { wait_s: 10 }));
		await call(shop.broker, salesReplay, { from: "oldest" }, ask);
		await Promise.all(orders);
		await caughtUp();
		const [sum] = await shop.database.rows(
			"select sum(orders)::int as orders, sum(revenue_minor)::int8 as revenue from analytics.windows"
		);
		const [truth] = await shop.database.rows(
			`select count(*)::int as orders, sum((payload->'total'->>'amount')::bigint)::int8 as revenue
			from orders.events where type = 'order.confirmed'`
		);
		expect(sum).toEqual(truth);
	}, 60_000);

	it("returns only the plan in a dry run", async () => {
		const positions = await shop.database.rows(
			"select * from analytics.position order by partition"
		);
		const plan = await call(shop.broker, salesReplay, { from: "oldest", dry_run: true }, ask);
		expect(plan.messages).toBeGreaterThan(0);
		expect(await shop.database.rows("select * from analytics.position order by partition")).toEqual(
			positions
		);
	});

	it("counts only uncounted events in the mode missing", async () => {
		const before = await sales();
		const [lost] = await shop.database.rows<{ event_id: string }>(
			`delete from analytics.inbox where event_id = (select event_id from orders.events
				where type = 'order.confirmed' order by id limit 1) returning event_id`
		);
		await replayed(salesReplay, { mode: "missing" });
		expect(await count(`analytics.inbox where event_id = '${lost!.event_id}'`)).toBe(1);
		const orders = (rows: typeof before) => rows.reduce((sum, row) => sum + Number(row.orders), 0);
		// It was counted before: only the inbox says that it was not.
		expect(orders(await sales())).toBe(orders(before) + 1);
		await replayed(salesReplay, {});
		expect(await sales()).toEqual(before);
	}, 60_000);

	it("refuses invalid starts and modes", async () => {
		const refuses = (params: object, code: FailureCode) =>
			expectFailure(call(shop.broker, salesReplay, params as { from: string }, ask), code);
		for (const from of ["yesterday", "-1"]) await refuses({ from }, "VALIDATION_FAILED");
		await refuses({ from: "oldest", mode: "quiet" }, "VALIDATION_ERROR");
	});

	it("is for admins only", async () => {
		const replay = call(shop.broker, salesReplay, { from: "oldest" }, as(support));
		await expectFailure(replay, "FORBIDDEN");
	});
});

describe("a replay of notification", () => {
	it("repeats no message", async () => {
		const before = await mails();
		await replayed(newsReplay, {});
		expect(await mails()).toBe(before);
	}, 60_000);

	it("sends missing messages, and none in the mode quiet", async () => {
		const sentCount = () => count("notification.notifications where state = 'sent'");
		const first =
			"(select event_id from orders.events where type = 'order.confirmed' order by id limit 2)";
		const before = await sentCount();
		await shop.database.rows(`delete from notification.notifications where event_id in ${first}`);
		const forget = () =>
			shop.database.rows(`delete from notification.inbox where event_id in ${first}`);
		await forget();
		await replayed(newsReplay, { mode: "quiet" });
		expect([
			await sentCount(),
			await count(`notification.inbox where event_id in ${first}`)
		]).toEqual([before - 2, 2]);
		await replayed(newsReplay, {});
		expect(await sentCount()).toBe(before - 2);
		await forget();
		await replayed(newsReplay, {});
		expect(await sentCount()).toBe(before);
	}, 60_000);

	it("sends everything once more in the mode again", async () => {
		const [before, messages] = [await mails(), await count("notification.notifications")];
		await replayed(newsReplay, { mode: "again" });
		expect(await mails()).toBe(before + messages);
	}, 60_000);
});

describe("dead letters", () => {
	const { "dlq.list": list, "dlq.show": show, "dlq.redrive": redrive } = analytics.actions;

	async function publishBroken(value: string, key = "user-123"): Promise<string> {
		const known = await count("analytics.dead_letter");
		await log.publish("orders", [{ key, value, headers: { from: "a stranger" } }]);
		await until(async () => (await count("analytics.dead_letter")) > known, 10_000);
		const { data } = await call(shop.broker, list, {}, ask);
		return data[0]!.id;
	}

	it("are listed and shown unchanged", async () => {
		const id = await publishBroken("{ not json");
		const deadLetter = await call(shop.broker, show, { id }, ask);
		expect(deadLetter).toMatchObject({
			id,
			topic: "orders",
			key: "user-123",
			reason: "not-json",
			redriven_at: null,
			headers: { from: "a stranger" },
			text: "{ not json",
			base64: null,
			bytes: 10
		});
		await expectFailure(call(shop.broker, redrive, { id }, ask), "REDRIVE_FAILED", {
			detail: /^not-json/
		});
	});

	it("are applied once when their cause has passed", async () => {
		// Too far ahead of the clock, but not for long.
		const event = buildOrderEvent({ at: Date.now() + maxClockSkewMs + 1500, total: 4321 });
		const id = await publishBroken(JSON.stringify(event), event.partitionkey);
		await delay(1600);
		const done = await call(shop.broker, redrive, { id }, ask);
		expect(done.redriven_at).not.toBeNull();
		await call(shop.broker, redrive, { id }, ask);
		expect(await count("analytics.windows where revenue_minor = 4321 and orders = 1")).toBe(1);
		const { data } = await call(shop.broker, list, { redriven: true }, ask);
		expect(data.map(deadLetter => deadLetter.id)).toContain(id);
	}, 30_000);

	it("are redriven together, and those that fail are named", async () => {
		const { "dlq.redriveAll": all } = analytics.actions;
		const { redriven, refused, next_cursor } = await call(shop.broker, all, {}, ask);
		expect([redriven, refused.length, next_cursor]).toEqual([0, 1, null]);
		expect(refused[0]!.detail).toMatch(/^not-json/);
		expect((await call(shop.broker, salesLag, {}, ask)).dead_letters).toBe(1);
		const { control } = shop.broker.getLocalService("analytics") as unknown as WithConsumer;
		expect(await control!.gauges()).toEqual([
			{ name: "shop_stream_lag_messages", labels: { group: "analytics" }, value: 0 },
			{ name: "shop_dead_letters", labels: { group: "analytics" }, value: 1 }
		]);
	});

	it("are not found by other ids", async () => {
		for (const action of [show, redrive])
			await expectFailure(call(shop.broker, action, { id: newId() }, ask), "NOT_FOUND");
	});
});

describe("a log that was lost", () => {
	/** Foreign messages are in no outbox, and are lost with the log. */
	const ours = async () =>
		(await sales()).filter(({ orders, revenue_minor }) => orders !== 0 && revenue_minor !== "4321");

	it("is refilled, and nothing is counted or sent twice", async () => {
		await replayed(salesReplay, {});
		expect(await ours()).toHaveLength((await sales()).length - 1);
		const before = [await ours(), await mails()];
		// With them a replay that resets windows would be refused: they were handled, and no refill has them.
		await shop.database.rows(
			"delete from analytics.inbox where event_id not in (select event_id from orders.events)"
		);
		const published = await count("orders.events where published_at is not null and not quiet");
		await shop.database.rows(
			"truncate streams.message; update streams.partition set next_offset = 0"
		);
		// Some were archived by then.
		await shop.database.rows(
			"update orders.outbox set published_at = published_at - interval '8 days' where id <= 5; select orders.archive_outbox(100)"
		);
		const { "outbox.refill": refill } = order.actions;
		const from = "2026-01-01T00:00:00Z";
		expect((await call(shop.broker, refill, { from, dry_run: true }, ask)).left).toBe(published);
		const page = await call(shop.broker, refill, { from }, ask);
		expect([page.refilled, page.left, page.next_cursor]).toEqual([published, 0, null]);
		await until(
			async () => (await count("streams.message where topic = 'orders'")) === published,
			20_000
		);
		await replayed(salesReplay, { mode: "missing" });
		await replayed(newsReplay, {});
		expect([await ours(), await mails()]).toEqual(before);
		await replayed(salesReplay, {});
		expect([await ours(), await mails()]).toEqual(before);
	}, 90_000);
});
