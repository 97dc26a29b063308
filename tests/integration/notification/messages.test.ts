import { randomUUID } from "node:crypto";
import { notification } from "../../../contracts/notification.ts";
import { call } from "../../../lib/service.ts";
import notificationService from "../../../services/notification/notification.service.ts";
import userService from "../../../services/user/user.service.ts";
import { place } from "../../support/shop/orders.ts";
import { until } from "../../support/until.ts";
import { expectFailure } from "../../support/expect-failure.ts";
import { admin, as, alice, bob, support } from "../../support/shop/callers.ts";
import { useShop } from "../../support/shop/use-shop.ts";
import { newTokenKey } from "../../support/shop/token-key.ts";
import { orderServices } from "../../support/shop/services.ts";

const shop = useShop([userService, ...orderServices, notificationService], newTokenKey());

const { actions } = notification;
const staff = as(admin);

/** The messages of an order, once there are so many and none is pending. */
const settled = (orderId: string, count: number) =>
	until(async () => {
		const { data } = await call(shop.broker, actions.list, { limit: 100 }, staff);
		const own = data.filter(({ order_id }) => order_id === orderId);
		return own.length >= count && own.every(({ state }) => state !== "pending") ? own : undefined;
	}, 30_000);

/** Resolves when every event of the order has been handled. */
const handled = (orderId: string) =>
	until(async () => {
		const waiting = await shop.database.rows(
			`select 1 from orders.outbox o where order_id = $1 and not quiet
				and not exists (select from notification.inbox i where i.event_id = o.event_id)`,
			[orderId]
		);
		return waiting.length === 0;
	}, 30_000);

describe("messages about an order", () => {
	it("are sent once, in the customer's language, and listed for them", async () => {
		const { order } = await place(shop.broker, { wait_s: 10 });
		const [message] = await settled(order.id, 1);
		expect(message).toMatchObject({ kind: "order_confirmation", channel: "email", state: "sent" });
		const kept = await shop.database.rows<{ recipient: string; body: string }>(
			"select recipient, body from notification.mailbox where order_id = $1",
			[order.id]
		);
		expect(kept).toHaveLength(1);
		expect(kept[0]!.recipient).toBe("alice@shop.test");
		expect(kept[0]!.body).toContain(order.id);
		const own = await call(shop.broker, actions.get, { id: message!.id }, as(alice));
		expect(own).toEqual({ ...message, provider_id: null });
	}, 60_000);

	it("are not sent again when the log is read from its start", async () => {
		const count = async () =>
			(await shop.database.rows("select id from notification.notifications")).length;
		const before = await count();
		await shop.database.rows("delete from notification.inbox");
		await shop.database.rows("update notification.position set next_offset = 0");
		const { order } = await place(shop.broker, { wait_s: 10 });
		await settled(order.id, 1);
		await until(
			async () => (await shop.database.rows("select 1 from notification.inbox")).length >= 4,
			30_000
		);
		expect(await count()).toBe(before + 1);
	}, 60_000);

	it("follow the customer's preferences: no channel, all, and the default", async () => {
		const asBob = as(bob);
		const never = { order_confirmation: [] };
		expect(await call(shop.broker, actions["preferences.set"], never, asBob)).toMatchObject({
			order_confirmation: [],
			refund: ["email"]
		});
		const silent = await place(shop.broker, { wait_s: 10 }, bob);
		await handled(silent.order.id);
		const both = { order_confirmation: ["email" as const, "sms" as const] };
		await call(shop.broker, actions["preferences.set"], both, asBob);
		const loud = await place(shop.broker, { wait_s: 10 }, bob);
		const sent = await settled(loud.order.id, 2);
		expect(sent.map(({ channel, state }) => [channel, state]).toSorted()).toEqual([
			["email", "sent"],
			// They have no phone number.
			["sms", "skipped"]
		]);
		const { data } = await call(shop.broker, actions.list, { limit: 100 }, asBob);
		expect(data.map(({ order_id }) => order_id)).not.toContain(silent.order.id);
		await call(shop.broker, actions["preferences.set"], {}, asBob);
		expect(await call(shop.broker, actions["preferences.get"], {}, asBob)).toMatchObject({
			order_confirmation: ["email"]
		});
	}, 60_000);
});

describe("messages and who may see them", () => {
	it("hides another's, from the list and by its id", async () => {
		const { data } = await call(shop.broker, actions.list, { limit: 100 }, as(bob));
		expect(data.every(({ user_id }) => user_id === "user-456")).toBe(true);
		const { data: all } = await call(shop.broker, actions.list, { user_id: "user-123" }, staff);
		expect(all.every(({ user_id }) => user_id === "user-123")).toBe(true);
		const foreign = call(shop.broker, actions.get, { id: all[0]!.id }, as(bob));
		await expectFailure(foreign, "NOT_FOUND");
		const listed = call(shop.broker, actions.list, { user_id: "user-123" }, as(bob));
		await expectFailure(listed, "FORBIDDEN");
	});

	it("shows the provider's id to staff only", async () => {
		const { data } = await call(shop.broker, actions.list, { user_id: "user-123" }, staff);
		const { id, provider_id } = data.find(({ state }) => state === "sent")!;
		expect(provider_id).toEqual(expect.any(String));
		const sent = async (reader: ReturnType<typeof as>) => {
			const list = await call(shop.broker, actions.list, {}, reader);
			const one = await call(shop.broker, actions.get, { id }, reader);
			return [one, list.data.find(listed => listed.id === id)!].map(found => found.provider_id);
		};
		expect(await sent(as(support))).toEqual([provider_id, provider_id]);
		expect(await sent(as(alice))).toEqual([null, null]);
	});

	it("gives them in pages, each once, and refuses a cursor of another's list", async () => {
		const seen: string[] = [];
		let cursor: string | undefined;
		do {
			const page = await call(
				shop.broker,
				actions.list,
				{ limit: 1, ...(cursor && { cursor }) },
				staff
			);
			seen.push(...page.data.map(({ id }) => id));
			cursor = page.next_cursor ?? undefined;
		} while (cursor);
		expect(new Set(seen).size).toBe(seen.length);
		expect(seen).toHaveLength(
			(await shop.database.rows("select 1 from notification.notifications")).length
		);
		const { next_cursor } = await call(shop.broker, actions.list, { limit: 1 }, staff);
		const other = call(shop.broker, actions.list, { cursor: next_cursor! }, as(alice));
		await expectFailure(other, "VALIDATION_FAILED");
	});

	it("resends one when support asks, and only then", async () => {
		const { data } = await call(shop.broker, actions.list, { limit: 100 }, staff);
		const sent = data.find(({ state }) => state === "sent")!;
		await expectFailure(
			call(
				shop.broker,
				actions.resend,
				{ id: sent.id },
				as({ id: sent.user_id!, role: "customer" })
			),
			"FORBIDDEN"
		);
		await call(shop.broker, actions.resend, { id: sent.id }, as(support));
		await until(async () => {
			const now = await call(shop.broker, actions.get, { id: sent.id }, staff);
			return now.state === "sent" && now.resends === 1;
		}, 30_000);
		const kept = await shop.database.rows(
			"select 1 from notification.mailbox where order_id = $1",
			[sent.order_id]
		);
		expect(kept).toHaveLength(2);
	}, 40_000);

	it("renders one for staff, and returns not found for unknown ids", async () => {
		const { data } = await call(shop.broker, actions.list, { user_id: "user-456" }, staff);
		const preview = await call(shop.broker, actions.preview, { id: data[0]!.id }, staff);
		expect(preview.html).toContain('lang="de"');
		expect(preview.text).toContain(data[0]!.order_id);
		const nothing = { id: randomUUID() };
		for (const action of [actions.get, actions.resend, actions.preview])
			await expectFailure(call(shop.broker, action, nothing, staff), "NOT_FOUND");
	});
});
