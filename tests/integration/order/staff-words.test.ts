import { order } from "../../../contracts/order.ts";
import { payment } from "../../../contracts/payment.ts";
import { derivedId, newId } from "../../../lib/id.ts";
import { call } from "../../../lib/service.ts";
import { expectFailure } from "../../support/expect-failure.ts";
import { admin, alice, as, support } from "../../support/shop/callers.ts";
import { place } from "../../support/shop/orders.ts";
import { orderServices } from "../../support/shop/services.ts";
import { useShop } from "../../support/shop/use-shop.ts";
import { until } from "../../support/until.ts";

/** What staff note for each other, and who of them acted, is not for customers. */

const shop = useShop(orderServices, {
	LOG_LEVEL: "fatal",
	SAGA_POLL_MS: "50",
	ORDER_MAX_OPEN: "0"
});
const { actions } = order;
const secret = "customer is a liar";

const confirmed = async () => (await place(shop.broker, { wait_s: 10 })).order;
const eventsFor = async (id: string, user: typeof alice) =>
	(await call(shop.broker, actions.events, { id }, as(user))).data;

/** All that a customer can read of their order. */
async function seenByCustomer(id: string): Promise<string> {
	const [history, current, paid, returns] = await Promise.all([
		eventsFor(id, alice),
		call(shop.broker, actions.get, { id }, as(alice)),
		call(shop.broker, payment.actions.get, { order_id: id }, as(alice)),
		call(shop.broker, actions["return.list"], { id }, as(alice))
	]);
	const each = await Promise.all(
		returns.data.map(one => call(shop.broker, actions["return.get"], { id: one.id }, as(alice)))
	);
	return JSON.stringify([history, current, paid, returns, each]);
}

async function delivered(): Promise<string> {
	const { id } = await confirmed();
	await call(shop.broker, actions.ship, { id, carrier: "UPS", tracking_number: "1Z" }, as(admin));
	await call(shop.broker, actions.deliver, { id }, as(admin));
	return id;
}

async function returning(id: string): Promise<string> {
	const items = [{ product_id: "prod-001", quantity: 1 }];
	const asked = { id, items, reason: "too small", idempotency_key: newId() };
	return (await call(shop.broker, actions["return.request"], asked, as(alice))).return.id;
}

const commands: readonly [what: string, act: () => Promise<string>][] = [
	[
		"a refund",
		async () => {
			const { id } = await confirmed();
			const amount = { amount: 100, currency: "USD" };
			const asked = {
				id: derivedId(id, "charge"),
				amount,
				reason: secret,
				idempotency_key: newId()
			};
			await call(shop.broker, payment.actions.refund, asked, as(support));
			return id;
		}
	],
	[
		"a cancellation for a customer",
		async () => {
			const { id } = await confirmed();
			const asked = { id, reason: secret, idempotency_key: newId() };
			await call(shop.broker, actions.cancel, asked, as(support));
			return id;
		}
	],
	[
		"an approved return",
		async () => {
			const id = await delivered();
			const decided = { id: await returning(id), note: secret };
			await call(shop.broker, actions["return.approve"], decided, as(support));
			await until(async () => {
				const { status } = await call(shop.broker, actions.get, { id }, as(alice));
				return status === "returned";
			}, 10_000);
			return id;
		}
	]
];

it.each(commands)("of %s are hidden from its customer, and shown to staff", async (_, act) => {
	const id = await act();
	const seen = await seenByCustomer(id);
	for (const hidden of [secret, admin.id, support.id, `"admin"`, `"support"`])
		expect(seen).not.toContain(hidden);
	const paid = await call(shop.broker, payment.actions.get, { order_id: id }, as(admin));
	const { data } = await call(shop.broker, actions["return.list"], { id }, as(admin));
	const shown = JSON.stringify([await eventsFor(id, admin), paid, data]);
	expect(shown).toContain(secret);
	expect(shown).toContain(support.id);
});

it("of a rejected return say why, and not who rejected it", async () => {
	const id = await delivered();
	const decided = { id: await returning(id), note: "It was worn." };
	await call(shop.broker, actions["return.reject"], decided, as(support));
	const seen = await seenByCustomer(id);
	expect(seen).toContain("It was worn.");
	expect(seen).not.toContain(support.id);
	expect((await eventsFor(id, alice)).at(-1)).toMatchObject({
		reason: "It was worn.",
		actor: { id: "staff", role: "staff" }
	});
});

it("leave a customer's own words and acts as they are", async () => {
	const { id } = await confirmed();
	const asked = { id, reason: "changed my mind", idempotency_key: newId() };
	await call(shop.broker, actions.cancel, asked, as(alice));
	const cancelled = (await eventsFor(id, alice)).find(({ to }) => to === "refund_pending");
	expect(cancelled).toMatchObject({
		reason: "changed my mind",
		actor: { id: alice.id, role: "customer" }
	});
});

describe("a list of orders", () => {
	const list = (params: object, user: typeof alice) =>
		call(shop.broker, actions.list, { limit: 100, ...params }, as(user));

	it("is for staff by customer, status and time; for customers it has their own", async () => {
		const { id, created_at: from } = await confirmed();
		const after = new Date(Date.parse(from) + 1).toISOString();
		const user_id = alice.id;
		const ids = async (params: object, user: typeof alice) =>
			(await list(params, user)).data.map(one => one.id);
		for (const status of [undefined, "confirmed"] as const) {
			const more = { ...(status && { status }) };
			expect(await ids({ user_id, from, to: after, ...more }, support)).toEqual([id]);
			expect(await ids({ from, to: after, ...more }, support)).toEqual([id]);
			expect(await ids({ from, to: after, ...more }, alice)).toEqual([id]);
			expect(await ids({ user_id, ...more }, alice)).toContain(id);
			expect(await ids({ user_id: "user-456", ...more }, support)).not.toContain(id);
			expect(await ids({ user_id, to: from, ...more }, support)).not.toContain(id);
			expect(await ids({ from: after, ...more }, support)).not.toContain(id);
		}
		await expectFailure(list({ user_id: "user-456" }, alice), "FORBIDDEN");
		await expectFailure(list({ from: after, to: from }, support), "VALIDATION_FAILED", {
			pointer: "/from"
		});
	});

	it("has cursors that belong to its filters", async () => {
		const from = (await confirmed()).created_at;
		const [second, third] = [await confirmed(), await confirmed()];
		const filter = { user_id: alice.id, status: "confirmed", from, limit: 1 };
		const page = await list(filter, support);
		expect(page.data.map(({ id }) => id)).toEqual([third.id]);
		const cursor = page.next_cursor!;
		expect((await list({ ...filter, cursor }, support)).data.map(({ id }) => id)).toEqual([
			second.id
		]);
		for (const other of [
			{ user_id: "user-456" },
			{ user_id: undefined },
			{ status: "pending" },
			{ from: undefined },
			{ to: third.created_at }
		])
			await expectFailure(list({ ...filter, ...other, cursor }, support), "VALIDATION_FAILED", {
				pointer: "/cursor"
			});
	});
});
