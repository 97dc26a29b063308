import { order } from "../../../contracts/order.ts";
import { newId } from "../../../lib/id.ts";
import { call } from "../../../lib/service.ts";
import type { PaymentProvider } from "../../../services/payment/provider/provider.ts";
import { admin, as } from "../../support/shop/callers.ts";
import { expectFailure } from "../../support/expect-failure.ts";
import { place, settledOrder } from "../../support/shop/orders.ts";
import { paidOrdersOf, paymentOf, typesOf } from "../../support/shop/paid-orders.ts";
import { orderServices } from "../../support/shop/services.ts";
import { webhookSecret } from "../../support/shop/stripe-webhooks.ts";
import { useShop } from "../../support/shop/use-shop.ts";
import { until } from "../../support/until.ts";

/** Refunds by staff, refunds that come back from a bank, disputes, and how their orders hear of them. */

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
const {
	confirmed,
	shown,
	current,
	cancel,
	ship,
	staffRefund,
	message,
	paymentEvents,
	decide,
	dashboard
} = paidOrdersOf(shop);

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

	it("is reported once, however often the provider reports it", async () => {
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
