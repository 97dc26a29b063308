import type { ServiceSchema } from "moleculer";
import { order, type Order, type Return } from "../../../contracts/order.ts";
import { payment } from "../../../contracts/payment.ts";
import { product } from "../../../contracts/product.ts";
import { Failure } from "../../../lib/errors.ts";
import { arm, disarmAll, isArmed } from "../../../lib/failpoint.ts";
import { newId } from "../../../lib/id.ts";
import { call } from "../../../lib/service.ts";
import type { SagaAdmin } from "../../../services/order/saga/saga.admin.ts";
import orderService from "../../../services/order/order.service.ts";
import paymentService from "../../../services/payment/payment.service.ts";
import productService from "../../../services/product/product.service.ts";
import { place, settledOrder } from "../../support/shop/orders.ts";
import { until } from "../../support/until.ts";
import { expectFailure, successesOf } from "../../support/expect-failure.ts";
import { admin, alice, as, bob } from "../../support/shop/callers.ts";
import { useShop } from "../../support/shop/use-shop.ts";

/** Returns: one refund and one restock, even when calls or responses are lost. */

let isRefused = false;
let isRestockRefused = false;

const { actions } = order;
const lines = [
	{ product_id: "prod-001", quantity: 3 },
	{ product_id: "prod-002", quantity: 1 }
];
const one = [{ product_id: "prod-001", quantity: 1 }];

/** The stock service, which refuses restocks when the test says so. */
function refusingRestocks(service: ServiceSchema): ServiceSchema {
	const original = service.actions!.restockReturn as { handler(ctx: unknown): Promise<unknown> };
	const handler = async function (this: unknown, ctx: unknown) {
		return isRestockRefused ? { state: "refused" } : original.handler.call(this, ctx);
	};
	const actions = { ...service.actions, restockReturn: { ...original, handler } };
	return { ...service, actions } as ServiceSchema;
}

/** The payment service, whose provider refuses refunds when the test says so. */
function refusing(service: ServiceSchema): ServiceSchema {
	const original = service.actions!.refundLines as { handler(ctx: unknown): Promise<unknown> };
	const handler = async function (this: unknown, ctx: unknown) {
		if (!isRefused) return original.handler.call(this, ctx);
		throw new Failure("PAYMENT_NOT_REFUNDABLE");
	};
	const actions = { ...service.actions, refundLines: { ...original, handler } };
	return { ...service, actions } as ServiceSchema;
}

const shop = useShop(
	[refusingRestocks(productService), refusing(paymentService), orderService],
	{ LOG_LEVEL: "fatal", SAGA_POLL_MS: "50" },
	{ checkStock: "each" }
);
afterEach(disarmAll);

async function delivered(): Promise<Order> {
	const { order: placed } = await place(shop.broker, { items: lines, wait_s: 10 });
	expect(placed.status).toBe("confirmed");
	const { id } = placed;
	await call(shop.broker, actions.ship, { id, carrier: "UPS", tracking_number: "1Z" }, as(admin));
	return call(shop.broker, actions.deliver, { id }, as(admin));
}

const request = (id: string, items = one, key = newId(), reason = "too small", user = alice) =>
	call(
		shop.broker,
		actions["return.request"],
		{ id, items, reason, idempotency_key: key },
		as(user)
	);
const requested = async (id: string, items = one) => (await request(id, items)).return;
const approve = (id: string, more: { restock?: boolean; note?: string } = {}) =>
	call(shop.broker, actions["return.approve"], { id, ...more }, as(admin));
const reject = (id: string, note = "worn") =>
	call(shop.broker, actions["return.reject"], { id, note }, as(admin));
const returnOf = (id: string) => call(shop.broker, actions["return.get"], { id }, as(admin));
const completed = (id: string) =>
	until(async () => {
		const found = await returnOf(id);
		return found.status === "completed" ? found : undefined;
	}, 20_000);
const paymentOf = (order_id: string) =>
	call(shop.broker, payment.actions.get, { order_id }, as(admin));
const onHand = async (id: string) =>
	(await call(shop.broker, product.actions["stock.get"], { product_id: id }, as(admin))).on_hand;
const events = async (id: string) =>
	(await call(shop.broker, actions.events, { id }, as(admin))).data;

describe("a return that is approved", () => {
	it("is refunded and restocked, and the order has an event for each step", async () => {
		const bought = await delivered();
		const before = await onHand("prod-001");
		const asked = await requested(bought.id);
		expect(asked).toMatchObject({ status: "requested", restock: null, refunded: null });
		expect((await settledOrder(shop.broker, bought.id)).status).toBe("return_requested");
		expect(await approve(asked.id, { note: "as new" })).toMatchObject({
			status: "approved",
			restock: true,
			note: "as new"
		});
		const { amount } = asked.items[0]!;
		const done = await completed(asked.id);
		expect(done).toMatchObject({ status: "completed", refunded: amount });
		const now = await settledOrder(shop.broker, bought.id);
		expect(now).toMatchObject({ status: "returned", payment: { refunded: amount } });
		expect(await onHand("prod-001")).toBe(before + 1);
		expect((await events(bought.id)).slice(-2)).toMatchObject([
			{ type: "order.return_requested", reason: "too small", actor: { id: alice.id } },
			{ type: "order.returned", from: "return_requested", actor: { role: "system" } }
		]);
		const published = await shop.database.rows<{ payload: { return: unknown } }>(
			`select payload from orders.outbox where order_id = '${bought.id}' and type = 'order.returned'`
		);
		expect(published).toMatchObject([
			{ payload: { return: { id: asked.id, items: asked.items, refunded: amount } } }
		]);
	});

	it("may cover each part in turn, until all is returned and refunded", async () => {
		const bought = await delivered();
		for (const items of [one, one, [...one, lines[1]!]]) {
			const { id } = await requested(bought.id, items);
			await approve(id);
			await completed(id);
		}
		expect((await paymentOf(bought.id)).refunded).toEqual(bought.totals.total);
		await expectFailure(request(bought.id), "RETURN_EXCEEDS_ORDER");
		const { data } = await call(shop.broker, actions["return.list"], { id: bought.id }, as(alice));
		expect(data.map(({ status }) => status)).toEqual(Array(3).fill("completed"));
		expect(data.map(({ id }) => id)).toEqual(
			data
				.map(({ id }) => id)
				.toSorted()
				.reverse()
		);
	});

	it("does not restock damaged units", async () => {
		const bought = await delivered();
		const before = await onHand("prod-001");
		const { id } = await requested(bought.id);
		await approve(id, { restock: false });
		expect((await completed(id)).restock).toBe(false);
		expect(await onHand("prod-001")).toBe(before);
	});

	it("refunds no more than is left of the line", async () => {
		const bought = await delivered();
		const { id, amount } = await paymentOf(bought.id);
		const most = { ...amount, amount: amount.amount - 100 };
		const why = { reason: "sorry", idempotency_key: newId() };
		await call(shop.broker, payment.actions.refund, { id, amount: most, ...why }, as(admin));
		const asked = await requested(bought.id, lines);
		await approve(asked.id);
		expect((await completed(asked.id)).refunded).toEqual({ ...amount, amount: 100 });
		const again = await paymentOf(bought.id);
		expect(again.refunded).toEqual(amount);
	});

	it("takes effect once when it is approved twenty times at once", async () => {
		const bought = await delivered();
		const before = await onHand("prod-001");
		const { id } = await requested(bought.id);
		const answers = await Promise.all(Array.from({ length: 20 }, () => approve(id)));
		expect(new Set(answers.map(answer => answer.id))).toEqual(new Set([id]));
		await completed(id);
		expect(await approve(id)).toMatchObject({ status: "completed" });
		expect((await paymentOf(bought.id)).refunds).toHaveLength(1);
		expect(await onHand("prod-001")).toBe(before + 1);
		await expectFailure(approve(id, { restock: false }), "ILLEGAL_TRANSITION");
		await expectFailure(reject(id), "ILLEGAL_TRANSITION");
	});

	it.each([
		"order.refund_return.after_call",
		"order.restock_return.before_call",
		"order.restock_return.after_call",
		"payment.refund.after_psp",
		"product.restockReturn.before_reply",
		"order.transition.before_commit"
	] as const)(
		"loses nothing and doubles nothing when %s fails",
		async point => {
			const bought = await delivered();
			const before = await onHand("prod-001");
			const { id, items } = await requested(bought.id);
			arm({ point, mode: "throw" });
			await approve(id);
			await until(async () => {
				await shop.database.rows(
					"update orders.saga set next_run_at = now() where lease_owner is null"
				);
				return (await returnOf(id)).status === "completed";
			}, 20_000);
			expect((await paymentOf(bought.id)).refunds.map(refund => refund.amount)).toEqual([
				items[0]!.amount
			]);
			expect(await onHand("prod-001")).toBe(before + 1);
			expect(isArmed(point)).toBe(false);
		},
		30_000
	);
});

describe("a return that is rejected", () => {
	it("has a reason, refunds nothing, and lets the units be returned later", async () => {
		const bought = await delivered();
		const { id } = await requested(bought.id, lines);
		expect(await reject(id)).toMatchObject({ status: "rejected", note: "worn", restock: null });
		expect(await reject(id)).toMatchObject({ status: "rejected" });
		await expectFailure(approve(id), "ILLEGAL_TRANSITION");
		const now = await settledOrder(shop.broker, bought.id);
		expect(now).toMatchObject({ status: "return_rejected", payment: { refunded: { amount: 0 } } });
		expect((await events(bought.id)).at(-1)).toMatchObject({
			type: "order.return_rejected",
			reason: "worn",
			actor: { id: admin.id }
		});
		const again = await requested(bought.id, lines);
		await approve(again.id);
		await completed(again.id);
	});
});

describe("a return that is requested", () => {
	it("is created once per key, with the same response", async () => {
		const bought = await delivered();
		const key = newId();
		const answers = await Promise.all(
			Array.from({ length: 10 }, () => request(bought.id, one, key))
		);
		expect(new Set(answers.map(a => JSON.stringify(a.return))).size).toBe(1);
		expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1);
		await expectFailure(request(bought.id, lines, key), "IDEMPOTENCY_KEY_REUSED");
		await expectFailure(request(bought.id, one, key, "too large"), "IDEMPOTENCY_KEY_REUSED");
		const { data } = await call(shop.broker, actions["return.list"], { id: bought.id }, as(alice));
		expect(data).toHaveLength(1);
	});

	it("is the only open one, even after ten concurrent requests", async () => {
		const bought = await delivered();
		const asked = Array.from({ length: 10 }, () => request(bought.id));
		expect(await successesOf(asked, "ILLEGAL_TRANSITION")).toHaveLength(1);
	});

	it("requires the customer's own delivered order", async () => {
		const { order: young } = await place(shop.broker, { wait_s: 10 });
		await expectFailure(request(young.id), "ILLEGAL_TRANSITION");
		const bought = await delivered();
		await expectFailure(request(bought.id, one, newId(), "mine", bob), "NOT_FOUND");
		await expectFailure(request(newId()), "NOT_FOUND");
		const { id } = await requested(bought.id);
		const peek = (action: "return.get" | "return.list", of: string) =>
			call(shop.broker, actions[action], { id: of }, as(bob));
		await expectFailure(peek("return.get", id), "NOT_FOUND");
		await expectFailure(peek("return.list", bought.id), "NOT_FOUND");
		const own: Return = await call(shop.broker, actions["return.get"], { id }, as(alice));
		expect(own.id).toBe(id);
	});

	it("prevents cancelling and shipping the order", async () => {
		const bought = await delivered();
		await requested(bought.id);
		const cancel = { id: bought.id, idempotency_key: newId() };
		await expectFailure(call(shop.broker, actions.cancel, cancel, as(alice)), "ILLEGAL_TRANSITION");
		await expectFailure(
			call(
				shop.broker,
				actions["saga.resolve"],
				{ id: bought.id, decision: "cancel", note: "x" },
				as(admin)
			),
			"ILLEGAL_TRANSITION"
		);
	});

	it("is part of the order as of that time", async () => {
		const bought = await delivered();
		const { id } = await requested(bought.id);
		await approve(id);
		await completed(id);
		const history = await events(bought.id);
		for (const { at, to, version } of history) {
			const then = await call(shop.broker, actions.get, { id: bought.id, at }, as(alice));
			if (then.version === version) expect(then.status).toBe(to);
		}
		const last = history.at(-1)!;
		const { payment: paid, ...then } = await call(
			shop.broker,
			actions.get,
			{ id: bought.id, at: last.at },
			as(alice)
		);
		expect(then).toMatchObject({ status: "returned", version: last.version });
		expect(paid!.refunded.amount).toBeGreaterThan(0);
	});
});

describe("a refund for a return that the provider refuses", () => {
	it("leaves the return approved until staff retry it", async () => {
		const bought = await delivered();
		const { id } = await requested(bought.id);
		isRefused = true;
		await approve(id);
		const saga = await until(async () => {
			const found = await call(shop.broker, actions["saga.get"], { id: bought.id }, as(admin));
			return found.waits_for === "human" ? found : undefined;
		}, 20_000);
		expect(saga).toMatchObject({ step: "return", last_error: expect.stringContaining("refused") });
		expect((await returnOf(id)).status).toBe("approved");
		isRefused = false;
		await call(shop.broker, actions["saga.retry"], { id: bought.id }, as(admin));
		await completed(id);
	}, 30_000);
});

/** Of the sagas that wait for it: how long the order or the return of the one that changed last longest ago has not changed. */
async function secondsOf(wait: string): Promise<number> {
	const { sagaAdmin } = shop.broker.getLocalService("order") as unknown as { sagaAdmin: SagaAdmin };
	return (await sagaAdmin.load()).find(({ waits_for }) => waits_for === wait)!.seconds;
}

describe("a return whose restock is refused", () => {
	const resolve = (id: string) => {
		const decided = { id, decision: "without_restock", note: "counted by hand" } as const;
		return call(shop.broker, actions["saga.resolve"], decided, as(admin));
	};

	it("is ended without a restock by admins, and not before it is refused", async () => {
		const bought = await delivered();
		const { id } = await requested(bought.id);
		await expectFailure(resolve(bought.id), "NOT_FOUND");
		[isRefused, isRestockRefused] = [true, true];
		await approve(id);
		await until(async () => {
			const found = await call(shop.broker, actions["saga.get"], { id: bought.id }, as(admin));
			return found.waits_for === "human" && !found.lease;
		}, 20_000);
		// It waits for its refund.
		await expectFailure(resolve(bought.id), "ILLEGAL_TRANSITION");
		isRefused = false;
		await call(shop.broker, actions["saga.retry"], { id: bought.id }, as(admin));
		await until(async () => {
			const found = await call(shop.broker, actions["saga.get"], { id: bought.id }, as(admin));
			return found.last_error?.includes("restocked") && !found.lease;
		}, 20_000);
		// Its order stays delivered, and may have been so for long.
		const age = (table: string, column: string) =>
			shop.database.rows(
				`update orders.${table} set updated_at = updated_at - interval '1 hour' where ${column} = $1`,
				[bought.id]
			);
		await age("orders", "id");
		expect(await secondsOf("human")).toBeLessThan(600);
		await age("returns", "order_id");
		expect(await secondsOf("human")).toBeGreaterThanOrEqual(3600);
		isRestockRefused = false;
		await resolve(bought.id);
		await completed(id);
		expect(await returnOf(id)).toMatchObject({ restock: false, note: "counted by hand" });
		await expectFailure(resolve(bought.id), "NOT_FOUND");
	}, 30_000);
});
