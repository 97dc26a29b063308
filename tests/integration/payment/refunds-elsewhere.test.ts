import { order } from "../../../contracts/order.ts";
import { call } from "../../../lib/service.ts";
import {
	ProviderUnavailable,
	type PaymentProvider,
	type RefundRequest
} from "../../../services/payment/provider/provider.ts";
import { expectFailure } from "../../support/expect-failure.ts";
import { alice, as } from "../../support/shop/callers.ts";
import { settledOrder } from "../../support/shop/orders.ts";
import { paidOrdersOf, paymentOf, typesOf } from "../../support/shop/paid-orders.ts";
import { orderServices } from "../../support/shop/services.ts";
import { webhookSecret } from "../../support/shop/stripe-webhooks.ts";
import { useShop } from "../../support/shop/use-shop.ts";
import { until } from "../../support/until.ts";

/** Refunds that are made at the provider, beside those of the shop. */

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
const { actions } = order;
type Pays = { provider: PaymentProvider };
const provider = () => (shop.broker.getLocalService("payment") as unknown as Pays).provider;
const {
	confirmed,
	shown,
	current,
	cancel,
	decide,
	ship,
	returnAll,
	staffRefund,
	message,
	paymentEvents,
	dashboard
} = paidOrdersOf(shop);

/** A cancelled order whose refund was refused because of a dispute, which is won by now. */
async function withRefundInReview() {
	const bought = await confirmed();
	await dashboard.dispute(paymentOf(bought));
	await cancel(bought);
	await until(async () => (await shown(bought)).refunds[0]?.status === "review");
	await dashboard.decideDispute(paymentOf(bought), "won");
	return bought;
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

	it("is booked once, however often the provider reports it", async () => {
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
		const total = bought.totals.total.amount;
		await dashboard.refund(paymentOf(bought), total - 100);
		const back = await returnAll(bought);
		await until(async () => (await current(bought)).status === "returned", 15_000);
		const done = await call(shop.broker, actions["return.get"], { id: back.id }, as(alice));
		expect(done.refunded!.amount).toBe(100);
		expect((await shown(bought)).refunded.amount).toBe(total);
	}, 30_000);

	it("takes the place of a refund in review that was not made", async () => {
		const bought = await withRefundInReview();
		await dashboard.refund(paymentOf(bought));
		await message(bought, "charge.refunded");
		expect((await settledOrder(shop.broker, bought.id)).status).toBe("refunded");
		expect((await shown(bought)).refunds.map(({ status }) => status)).toEqual([
			"failed",
			"succeeded"
		]);
	}, 20_000);

	describe("takes the place of a refund that the provider refuses with an error for ever", () => {
		/** The answer to a request that failed is kept for its key, so the shop never learns of the refusal. */
		const refuseFirst = (count = 1) => {
			const refund = provider().refund.bind(provider());
			const first = new Set<string>();
			const refuse = jest.spyOn(provider(), "refund").mockImplementation(async request => {
				if (first.size < count) first.add(request.key);
				if (first.has(request.key)) throw new ProviderUnavailable("something went wrong");
				return refund(request);
			});
			return () => until(async () => refuse.mock.calls.length > 0, 10_000);
		};
		afterEach(() => jest.restoreAllMocks());

		it("of a cancellation, which refunds the rest", async () => {
			const bought = await confirmed();
			await dashboard.refund(paymentOf(bought), 300);
			const refused = refuseFirst();
			await cancel(bought);
			await refused();
			await message(bought, "charge.refunded");
			expect((await settledOrder(shop.broker, bought.id)).status).toBe("refunded");
			const { refunds, refunded, amount } = await shown(bought);
			expect(refunded).toEqual(amount);
			expect(refunds.map(({ origin, status }) => `${origin} ${status}`)).toEqual([
				"order failed",
				"provider succeeded",
				"order succeeded"
			]);
		}, 20_000);

		it("of a return, which refunds the rest of its lines", async () => {
			const bought = await confirmed();
			await dashboard.refund(paymentOf(bought), 300);
			const refused = refuseFirst();
			const back = await returnAll(bought);
			await refused();
			await message(bought, "charge.refunded");
			await until(async () => (await current(bought)).status === "returned", 15_000);
			const done = await call(shop.broker, actions["return.get"], { id: back.id }, as(alice));
			const subtotal = bought.totals.subtotal.amount + bought.totals.tax.amount;
			const left = bought.totals.total.amount - 300;
			expect(done.refunded!.amount).toBe(Math.min(subtotal, left));
		}, 20_000);

		it("of a cancellation, though no message reports the one that was made", async () => {
			const bought = await confirmed();
			await dashboard.refund(paymentOf(bought), 300);
			refuseFirst();
			await cancel(bought);
			expect((await settledOrder(shop.broker, bought.id)).status).toBe("refunded");
			const { refunded, amount } = await shown(bought);
			expect(refunded).toEqual(amount);
		}, 20_000);

		it("of staff, whose payment shows that it was refused", async () => {
			const bought = await confirmed();
			const total = bought.totals.total.amount;
			await dashboard.refund(paymentOf(bought), 300);
			const refused = refuseFirst();
			const { payment: answered } = await staffRefund(bought, total);
			expect(answered.refunds).toMatchObject([{ status: "pending" }]);
			await refused();
			await message(bought, "charge.refunded");
			const { refunds, refunded } = await shown(bought);
			expect(refunded.amount).toBe(300);
			expect(refunds.map(({ status }) => status)).toEqual(["failed", "succeeded"]);
		}, 20_000);

		it("but not while it may still be made", async () => {
			const bought = await confirmed();
			const total = bought.totals.total.amount;
			await dashboard.refund(paymentOf(bought), 300);
			refuseFirst(2);
			await staffRefund(bought, total - 300);
			await staffRefund(bought, 300);
			await expect(message(bought, "charge.refunded")).rejects.toMatchObject({
				type: "UNAVAILABLE"
			});
		}, 20_000);
	});

	it("is not booked again when staff have recorded it for a refund in review", async () => {
		const bought = await withRefundInReview();
		const { line } = await dashboard.refund(paymentOf(bought));
		await decide(bought, "refunded_elsewhere", line.ref);
		await message(bought, "charge.refunded");
		expect((await settledOrder(shop.broker, bought.id)).status).toBe("refunded");
		const { refunds, refunded, amount } = await shown(bought);
		expect(refunds.map(({ status }) => status)).toEqual(["succeeded"]);
		expect(refunded).toEqual(amount);
	}, 30_000);

	it("is booked though the shop requested it, and had taken it for one that was refused", async () => {
		const bought = await confirmed();
		const asked: RefundRequest[] = [];
		const { refund } = provider();
		jest.spyOn(provider(), "refund").mockImplementation(async request => {
			asked.push(request);
			return { status: "failed", code: "charge_not_found" };
		});
		await expectFailure(staffRefund(bought, 300), "REFUND_REFUSED");
		await refund.call(provider(), asked[0]!);
		jest.restoreAllMocks();
		await Promise.all([message(bought, "refund.created"), message(bought, "charge.refunded")]);
		const { refunds, refunded } = await shown(bought);
		expect(refunded.amount).toBe(300);
		expect(refunds.map(({ origin, status }) => `${origin} ${status}`)).toEqual([
			"staff failed",
			"provider succeeded"
		]);
	});

	it("has the lines of the shop's refund that it turns out to be", async () => {
		const items = ["prod-001", "prod-002"].map(product_id => ({ product_id, quantity: 1 }));
		const bought = await confirmed({ items });
		const asked: RefundRequest[] = [];
		const { refund } = provider();
		jest.spyOn(provider(), "refund").mockImplementation(async request => {
			asked.push(request);
			return { status: "failed", code: "charge_not_found" };
		});
		const returned = await returnAll(bought, bought.items.slice(0, 1));
		const first = async () => (await shown(bought)).refunds[0]?.status;
		await until(async () => (await first()) === "review");
		jest.restoreAllMocks();
		await dashboard.refund(paymentOf(bought), bought.totals.total.amount);
		await message(bought, "charge.refunded");
		await until(async () => (await first()) === "failed");
		const { id } = returned;
		const ended = async () =>
			(await call(shop.broker, actions["return.get"], { id }, as(alice))).status;
		await until(async () => (await ended()) === "completed");
		await dashboard.changeRefund(paymentOf(bought), "failed");
		await message(bought, "refund.failed");
		await refund.call(provider(), asked[0]!);
		await message(bought, "charge.refunded");
		const { amount } = asked[0]!.amount;
		expect((await shown(bought)).refunded.amount).toBe(amount);
		const rows = await shop.database.rows(
			"select lines from payment.refunds where payment_id = $1 and status = 'succeeded'",
			[paymentOf(bought)]
		);
		expect(rows).toEqual([{ lines: [{ product_id: "prod-001", amount }] }]);
	}, 30_000);

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
