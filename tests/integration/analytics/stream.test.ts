import { analytics, type WindowStreamEvent } from "../../../contracts/analytics.ts";
import { call } from "../../../lib/service.ts";
import analyticsService from "../../../services/analytics/analytics.service.ts";
import { place } from "../../support/shop/orders.ts";
import { until } from "../../support/until.ts";
import { expectFailure } from "../../support/expect-failure.ts";
import { admin, as } from "../../support/shop/callers.ts";
import { useShop } from "../../support/shop/use-shop.ts";
import { orderServices } from "../../support/shop/services.ts";

const shop = useShop([...orderServices, analyticsService]);

describe("a confirmed order", () => {
	it("is soon in the windows, with the category from the catalogue", async () => {
		const { order } = await place(shop.broker, { wait_s: 10 });
		const [sales] = await until(async () => {
			const { data } = await call(shop.broker, analytics.actions.summary, {}, as(admin));
			return data[0]?.categories[0]?.category ? data : undefined;
		}, 30_000);
		expect(sales).toMatchObject({ orders: 1, revenue: order.totals.total.amount });
	}, 60_000);

	it("is emitted, and published under its window's key, once its minute is over", async () => {
		// The minute is over when the clock says so; here it is moved into the past instead.
		await shop.database.rows(
			"update analytics.windows set window_start = window_start - interval '5 minutes'"
		);
		await shop.database.rows(
			"update analytics.partitions set heard_at = heard_at - interval '1 minute'"
		);
		const windows = await until(async () => {
			const { data } = await call(shop.broker, analytics.actions.windows, {}, as(admin));
			return data.length > 0 ? data : undefined;
		}, 30_000);
		expect(windows).toMatchObject([{ orders: 1, unique_users: 1, revision: 1, final: false }]);
		const [message] = await until(async () => {
			const rows = await shop.database.rows<{ key: string; value: Buffer }>(
				"select key, value from streams.message where topic = 'analytics-results'"
			);
			return rows.length > 0 ? rows : undefined;
		}, 30_000);
		const event = JSON.parse(message!.value.toString()) as WindowStreamEvent;
		expect(event.data).toEqual(windows[0]);
		expect(message!.key).toBe(`${windows[0]!.window_start}/${windows[0]!.currency}`);
	}, 90_000);

	it("is published again in the same revision after the loss of the log, and late events as they were", async () => {
		const late =
			"insert into analytics.outbox (topic, key, value, published_at) values ($1, 'k', $2, now())";
		await shop.database.rows(late, ["analytics-late", '{"id":"late"}']);
		const [before] = await shop.database.rows<{ value: Buffer }>(
			"select value from streams.message where topic = 'analytics-results'"
		);
		const first = JSON.parse(before!.value.toString()) as WindowStreamEvent;
		await shop.database.rows("delete from streams.message where topic like 'analytics-%'");
		const { "outbox.refill": refill } = analytics.actions;
		const from = "2026-01-01T00:00:00Z";
		expect(await call(shop.broker, refill, { from, dry_run: true }, as(admin))).toEqual({
			refilled: 2
		});
		expect(await call(shop.broker, refill, { from }, as(admin))).toEqual({ refilled: 2 });
		const published = await until(async () => {
			const rows = await shop.database.rows<{ topic: string; value: Buffer }>(
				"select topic, value from streams.message where topic like 'analytics-%' order by topic"
			);
			return rows.length === 2 ? rows : undefined;
		}, 30_000);
		expect(published[0]!.value.toString()).toBe('{"id":"late"}');
		const event = JSON.parse(published[1]!.value.toString()) as WindowStreamEvent;
		expect({ ...event, time: first.time }).toEqual(first);
	}, 60_000);

	it("is not accessible to customers", async () => {
		const customer = { meta: { user: { id: "user-123", role: "customer" as const } } };
		await expectFailure(call(shop.broker, analytics.actions.windows, {}, customer), "FORBIDDEN");
	});
});
