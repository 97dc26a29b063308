import { order, type Order } from "../../../contracts/order.ts";
import { payment } from "../../../contracts/payment.ts";
import { derivedId, newId } from "../../../lib/id.ts";
import { call } from "../../../lib/service.ts";
import type { PaymentProvider } from "../../../services/payment/provider/provider.ts";
import { admin, alice, as, support } from "../../support/shop/callers.ts";
import { expectFailure } from "../../support/expect-failure.ts";
import { place, settledOrder } from "../../support/shop/orders.ts";
import { dashboardOf } from "../../support/shop/provider-dashboard.ts";
import { orderServices } from "../../support/shop/services.ts";
import {
	webhookMessage,
	webhookSecret,
	webhookSignature
} from "../../support/shop/stripe-webhooks.ts";
import { useShop } from "../../support/shop/use-shop.ts";
import { until } from "../../support/until.ts";

/** Refunds and disputes that are made at the provider, and refunds that come back from a bank. */

const shop = useShop(
	orderServices,
	{
		LOG_LEVEL: "fatal",
		SAGA_POLL_MS: "50",
		ORDER_MAX_OPEN: "0",
		STRIPE_WEBHOOK_SECRET: webhookSecret
	},
	{ checkStock: "all" }
);
type Pays = { provider: PaymentProvider };
const { actions } = order;
const dashboard = dashboardOf(shop);

const paymentOf = ({ id }: Order) => derivedId(id, "charge");
const confirmed = async () => (await place(shop.broker, { wait_s: 10 })).order;
const shown = ({ id }: Order) =>
	call(shop.broker, payment.actions.get, { order_id: id }, as(admin));
const current = ({ id }: Order) => call(shop.broker, actions.get, { id }, as(admin));
const cancel = ({ id }: Order) =>
	call(shop.broker, actions.cancel, { id, idempotency_key: newId() }, as(alice));
const ship = ({ id }: Order) =>
	call(shop.broker, actions.ship, { id, carrier: "UPS", tracking_number: "1Z" }, as(admin));
const staffRefund = (of: Order, amount?: number, idempotency_key: string = newId()) => {
	const part = amount === undefined ? {} : { amount: { amount, currency: "USD" } };
	const asked = { id: paymentOf(of), ...part, reason: "damaged", idempotency_key };
	return call(shop.broker, payment.actions.refund, asked, as(support));
};

/** A message of the provider that names only the charge, as those about its dashboard do. */
async function message(of: Order, type: string): Promise<void> {
	const about = { id: "re_1", object: "refund", payment_intent: `ch_${paymentOf(of)}` };
	const body = webhookMessage(undefined, type, about);
	const body_base64 = Buffer.from(body).toString("base64");
	const signature = webhookSignature(body);
	await call(shop.broker, payment.actions.webhook, { body_base64, signature });
}

const eventsOf = ({ id }: Order) =>
	shop.database.rows<{ type: string; payload: Record<string, unknown> }>(
		"select type, payload from orders.events where order_id = $1 order by version",
		[id]
	);
/** The types of the order's events about its payment, once there are so many. */
const paymentEvents = (of: Order, count: number) =>
	until(async () => {
		const found = (await eventsOf(of)).filter(({ type }) => /refund|dispute/.test(type));
		return found.length >= count ? found : undefined;
	}, 10_000);
const typesOf = (events: { type: string }[]) => events.map(({ type }) => type);

async function decide(of: Order, decision: "charged" | "refunded_elsewhere") {
	const list = payment.actions["review.list"];
	const review = await until(async () => {
		const { data } = await call(shop.broker, list, { limit: 100 }, as(support));
		return data.find(({ order_id }) => order_id === of.id);
	}, 10_000);
	const decided = { id: review.id, decision, note: "seen at the dashboard" } as const;
	await call(shop.broker, payment.actions["review.decide"], decided, as(support));
}

describe("a refund at the provider's dashboard", () => {
	it("is booked with its origin, and reported as an event", async () => {
		const bought = await confirmed();
		await dashboard.refund(paymentOf(bought), 300);
		await message(bought, "charge.refunded");
		const { refunded, refunds } = await shown(bought);
		expect(refunded.amount).toBe(300);
		expect(refunds).toMatchObject([
			{ origin: "provider", status: "succeeded", requested_by: "payment_provider" }
		]);
		const [event] = await paymentEvents(bought, 1);
		expect(event).toMatchObject({
			type: "order.refund_issued",
			payload: { status: "confirmed", refund: { origin: "provider", amount: { amount: 300 } } }
		});
	});

	it("is booked once, however often the provider tells of it", async () => {
		const bought = await confirmed();
		await dashboard.refund(paymentOf(bought), 300);
		const types = ["refund.created", "charge.refunded", "charge.refund.updated", "refund.updated"];
		await Promise.all([...types, ...types].map(type => message(bought, type)));
		expect((await shown(bought)).refunds).toHaveLength(1);
		expect(typesOf(await paymentEvents(bought, 1))).toEqual(["order.refund_issued"]);
	});

	it("of everything leaves nothing to ship", async () => {
		const bought = await confirmed();
		await dashboard.refund(paymentOf(bought));
		await message(bought, "charge.refunded");
		await expectFailure(ship(bought), "ILLEGAL_TRANSITION", { detail: "refunded" });
	});

	it("leaves the rest to a cancellation, which reports only what it refunded itself", async () => {
		const bought = await confirmed();
		const total = bought.totals.total.amount;
		await dashboard.refund(paymentOf(bought), 300);
		await message(bought, "charge.refunded");
		await cancel(bought);
		expect((await settledOrder(shop.broker, bought.id)).status).toBe("refunded");
		const events = await paymentEvents(bought, 2);
		const byType = new Map(events.map(({ type, payload }) => [type, payload.refund]));
		expect(byType.get("order.refund_issued")).toMatchObject({ amount: { amount: 300 } });
		expect(byType.get("order.refunded")).toMatchObject({ amount: { amount: total - 300 } });
	});

	it("that no message reported of explains why a cancellation is refused, and is booked then", async () => {
		const bought = await confirmed();
		await dashboard.refund(paymentOf(bought), 300);
		await cancel(bought);
		expect((await settledOrder(shop.broker, bought.id)).status).toBe("refunded");
		const { refunds, refunded, amount } = await shown(bought);
		expect(refunded).toEqual(amount);
		expect(refunds.map(({ origin, status }) => `${origin} ${status}`)).toEqual([
			"order failed",
			"provider succeeded",
			"order succeeded"
		]);
	}, 20_000);

	it("that no message reported of leaves the rest to a return", async () => {
		const bought = await confirmed();
		const { id } = bought;
		await ship(bought);
		await call(shop.broker, actions.deliver, { id }, as(admin));
		const total = bought.totals.total.amount;
		await dashboard.refund(paymentOf(bought), total - 100);
		const items = bought.items.map(({ product_id, quantity }) => ({ product_id, quantity }));
		const ask = { id, items, reason: "too small", idempotency_key: newId() };
		const { return: back } = await call(shop.broker, actions["return.request"], ask, as(alice));
		await call(shop.broker, actions["return.approve"], { id: back.id }, as(admin));
		await until(async () => (await current(bought)).status === "returned", 15_000);
		const done = await call(shop.broker, actions["return.get"], { id: back.id }, as(alice));
		expect(done.refunded!.amount).toBe(100);
		expect((await shown(bought)).refunded.amount).toBe(total);
	}, 30_000);

	it("takes the place of a refund in review that was not made", async () => {
		const bought = await confirmed();
		await dashboard.dispute(paymentOf(bought));
		await cancel(bought);
		const reason = async () => (await shown(bought)).refunds[0]?.status;
		await until(async () => (await reason()) === "review", 10_000);
		await dashboard.decideDispute(paymentOf(bought), "won");
		await dashboard.refund(paymentOf(bought));
		await message(bought, "charge.refunded");
		expect((await settledOrder(shop.broker, bought.id)).status).toBe("refunded");
		expect((await shown(bought)).refunds.map(({ status }) => status)).toEqual([
			"failed",
			"succeeded"
		]);
	}, 20_000);

	it("that fails later is no longer counted", async () => {
		const bought = await confirmed();
		await dashboard.refund(paymentOf(bought), 300);
		await message(bought, "charge.refunded");
		await dashboard.changeRefund(paymentOf(bought), "failed");
		await message(bought, "refund.failed");
		expect((await shown(bought)).refunded.amount).toBe(0);
		const types = typesOf(await paymentEvents(bought, 2));
		expect(types).toEqual(["order.refund_issued", "order.refund_failed"]);
	});
});

describe("a refund by staff", () => {
	it("is an event of its order with the refunded amount", async () => {
		const bought = await confirmed();
		await staffRefund(bought, 300);
		const [event] = await paymentEvents(bought, 1);
		expect(event).toMatchObject({
			type: "order.refund_issued",
			payload: { refund: { origin: "staff", amount: { amount: 300, currency: "USD" } } }
		});
		const { data } = await call(shop.broker, actions.events, { id: bought.id }, as(admin));
		const last = data.at(-1)!;
		expect([last.type, last.from, last.to]).toEqual([
			"order.refund_issued",
			"confirmed",
			"confirmed"
		]);
	});

	it("that the provider refuses is an error, also when it is repeated, and can be tried again later", async () => {
		const bought = await confirmed();
		await dashboard.dispute(paymentOf(bought));
		const key = newId();
		for (let n = 0; n < 2; n++)
			await expectFailure(staffRefund(bought, 300, key), "REFUND_REFUSED", { detail: "disputed" });
		const { refunded, refunds } = await shown(bought);
		expect(refunded.amount).toBe(0);
		expect(refunds).toMatchObject([{ status: "failed", failure_code: "charge_disputed" }]);
		await dashboard.decideDispute(paymentOf(bought), "won");
		expect((await staffRefund(bought, 300)).payment.refunded.amount).toBe(300);
	});
});

describe("a refund that comes back from the bank", () => {
	it("makes a refunded order owe the money again, until it is refunded again", async () => {
		const bought = await confirmed();
		const total = bought.totals.total.amount;
		await cancel(bought);
		expect((await settledOrder(shop.broker, bought.id)).status).toBe("refunded");
		await dashboard.changeRefund(paymentOf(bought), "failed");
		await message(bought, "refund.failed");
		await until(async () => (await current(bought)).status === "refund_pending", 10_000);
		expect((await current(bought)).reason).toBe("requested");
		await decide(bought, "charged");
		await until(async () => (await current(bought)).status === "refunded", 20_000);
		const events = await paymentEvents(bought, 3);
		expect(typesOf(events)).toEqual(["order.refunded", "order.refund_failed", "order.refunded"]);
		const amounts = events.map(({ payload }) => payload.refund as { amount: { amount: number } });
		expect(amounts[1]!.amount.amount).toBe(total);
		// Each cancellation refunded the total, which needs no amount of its own.
		expect([amounts[0], amounts[2]]).toEqual([undefined, undefined]);
		expect((await current(bought)).reason).toBe("requested");
	}, 40_000);

	it("is reported again with its own amount, where the order had several refunds", async () => {
		const { order: bought } = await place(shop.broker, {
			payment_method: "pm_sim_pendingRefundFails",
			wait_s: 10
		});
		const total = bought.totals.total.amount;
		await staffRefund(bought, 300);
		await cancel(bought);
		// The bank refuses what staff refunded, so the shop refunds that too.
		await decide(bought, "charged");
		await until(async () => (await current(bought)).status === "refunded", 20_000);
		await dashboard.changeRefund(paymentOf(bought), "failed");
		await message(bought, "refund.failed");
		await until(async () => (await current(bought)).status === "refund_pending", 10_000);
		await decide(bought, "charged");
		await until(async () => (await current(bought)).status === "refunded", 20_000);
		const events = await paymentEvents(bought, 3);
		const reported = events.map(({ type, payload }) => {
			const refund = payload.refund as { amount: { amount: number } } | undefined;
			return [type, refund?.amount.amount ?? total];
		});
		expect(reported).toEqual([
			["order.refunded", total],
			["order.refund_failed", 300],
			["order.refunded", 300]
		]);
	}, 60_000);

	it("is settled when staff found that it was refunded elsewhere", async () => {
		const bought = await confirmed();
		await cancel(bought);
		await settledOrder(shop.broker, bought.id);
		await dashboard.changeRefund(paymentOf(bought), "failed");
		await message(bought, "refund.failed");
		await until(async () => (await current(bought)).status === "refund_pending", 10_000);
		await decide(bought, "refunded_elsewhere");
		await until(async () => (await current(bought)).status === "refunded", 20_000);
	}, 30_000);
});

describe("a dispute", () => {
	it("holds the shipment, and a dispute that is won lets it go", async () => {
		const bought = await confirmed();
		await dashboard.dispute(paymentOf(bought));
		await message(bought, "charge.dispute.created");
		expect((await shown(bought)).disputes).toMatchObject([{ status: "open" }]);
		expect((await current(bought)).payment!.disputed).toEqual(bought.totals.total);
		await expectFailure(ship(bought), "ILLEGAL_TRANSITION", { detail: "disputed" });
		await dashboard.decideDispute(paymentOf(bought), "won");
		await message(bought, "charge.dispute.closed");
		expect((await ship(bought)).status).toBe("shipped");
		const types = typesOf(await paymentEvents(bought, 2));
		expect(types).toEqual(["order.dispute_opened", "order.dispute_closed"]);
	});

	it("that is lost holds the shipment for ever", async () => {
		const bought = await confirmed();
		await dashboard.dispute(paymentOf(bought));
		await message(bought, "charge.dispute.created");
		await dashboard.decideDispute(paymentOf(bought), "lost");
		await message(bought, "charge.dispute.closed");
		await expectFailure(ship(bought), "ILLEGAL_TRANSITION", { detail: "disputed" });
		expect((await shown(bought)).disputes).toMatchObject([{ status: "lost" }]);
	});

	it("that is decided stays so, though a look from before is recorded later", async () => {
		const bought = await confirmed();
		await dashboard.dispute(paymentOf(bought));
		await dashboard.decideDispute(paymentOf(bought), "won");
		await message(bought, "charge.dispute.closed");
		const { provider } = shop.broker.getLocalService("payment") as unknown as Pays;
		const listed = await provider.disputesOf(`ch_${paymentOf(bought)}`);
		const before = listed.map(one => ({ ...one, status: "open" as const }));
		const stale = jest.spyOn(provider, "disputesOf").mockResolvedValue(before);
		await message(bought, "charge.dispute.created");
		expect(stale).toHaveBeenCalled();
		stale.mockRestore();
		expect((await shown(bought)).disputes).toMatchObject([{ status: "won" }]);
		expect((await ship(bought)).status).toBe("shipped");
	});

	it("over a part of the payment does not hold it", async () => {
		const bought = await confirmed();
		await dashboard.dispute(paymentOf(bought), 100);
		await message(bought, "charge.dispute.created");
		expect((await ship(bought)).status).toBe("shipped");
	});

	it("is reported once, however often the provider tells of it", async () => {
		const bought = await confirmed();
		await dashboard.dispute(paymentOf(bought));
		const all = Array.from({ length: 6 }, () => message(bought, "charge.dispute.created"));
		await Promise.all(all);
		expect(typesOf(await paymentEvents(bought, 1))).toEqual(["order.dispute_opened"]);
	});
});

describe("a notice of a payment", () => {
	const notices = () => shop.database.rows<{ id: string }>("select id from payment.notices");
	const write = (order_id: string, amount = 1) =>
		shop.database.rows(
			`insert into payment.notices (order_id, kind, data) values ($1, 'refund_issued',
				jsonb_build_object('id', gen_random_uuid(), 'origin', 'staff',
					'amount', jsonb_build_object('amount', $2::int, 'currency', 'USD')))`,
			[order_id, amount]
		);

	it("is recorded once, though its acknowledgement is lost", async () => {
		const bought = await confirmed();
		const { notices: service } = shop.broker.getLocalService("payment") as unknown as {
			notices: { acknowledge(ids: string[]): Promise<void> };
		};
		const lost = jest.spyOn(service, "acknowledge").mockRejectedValueOnce(new Error("lost"));
		await write(bought.id);
		await until(async () => (await notices()).length === 0, 10_000);
		expect(lost.mock.calls.length).toBeGreaterThan(1);
		expect(typesOf(await paymentEvents(bought, 1))).toEqual(["order.refund_issued"]);
		lost.mockRestore();
	});

	it("about an order that does not exist keeps no other from being recorded", async () => {
		const bought = await confirmed();
		for (let n = 0; n < 60; n++) await write(newId());
		await write(bought.id);
		expect(await paymentEvents(bought, 1)).toHaveLength(1);
		await until(async () => (await notices()).length === 0, 10_000);
	});

	it("comes in the order in which its payment changed", async () => {
		const bought = await confirmed();
		for (let amount = 1; amount <= 5; amount++) await write(bought.id, amount);
		const events = await paymentEvents(bought, 5);
		const amounts = events.map(({ payload }) => payload.refund as { amount: { amount: number } });
		expect(amounts.map(({ amount }) => amount.amount)).toEqual([1, 2, 3, 4, 5]);
	});
});
