import { order, type Order } from "../../../contracts/order.ts";
import { payment, paymentSettled, type Decision } from "../../../contracts/payment.ts";
import { derivedId, newId } from "../../../lib/id.ts";
import { call, emitHint } from "../../../lib/service.ts";
import type { PaymentRepository } from "../../../services/payment/charges/payment.repository.ts";
import { admin, alice, as, support } from "../../support/shop/callers.ts";
import { expectFailure } from "../../support/expect-failure.ts";
import { place } from "../../support/shop/orders.ts";
import { dashboardOf } from "../../support/shop/provider-dashboard.ts";
import { orderServices } from "../../support/shop/services.ts";
import {
	webhookMessage,
	webhookSecret,
	webhookSignature
} from "../../support/shop/stripe-webhooks.ts";
import { useShop } from "../../support/shop/use-shop.ts";
import { until } from "../../support/until.ts";

/** Every decision of staff leads on, whatever is in review and whatever the order was doing. */

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
const dashboard = dashboardOf(shop);

const paymentOf = ({ id }: Order) => derivedId(id, "charge");
const current = ({ id }: Order) => call(shop.broker, actions.get, { id }, as(admin));
const shown = ({ id }: Order) =>
	call(shop.broker, payment.actions.get, { order_id: id }, as(admin));
const becomes = (of: Order, status: string) =>
	until(async () => (await current(of)).status === status, 20_000);
const confirmed = async () => (await place(shop.broker, { wait_s: 10 })).order;
const cancel = ({ id }: Order) =>
	call(shop.broker, actions.cancel, { id, idempotency_key: newId() }, as(alice));

async function message(of: Order, type: string): Promise<void> {
	const body = webhookMessage(paymentOf(of), type);
	const body_base64 = Buffer.from(body).toString("base64");
	const signature = webhookSignature(body);
	await call(shop.broker, payment.actions.webhook, { body_base64, signature });
}

/** Bought with a card that waits for its customer; then nobody knows whether it was charged. */
async function unknownPayment(): Promise<Order> {
	const { order: placed } = await place(shop.broker, {
		payment_method: "pm_card_threeDSecureRequired",
		wait_s: 1
	});
	await until(() => shown(placed).catch(() => undefined));
	const { payments } = shop.broker.getLocalService("payment") as unknown as {
		payments: PaymentRepository;
	};
	await payments.review([paymentOf(placed)], "unknown_for_a_day");
	emitHint(shop.broker, paymentSettled, { order_ids: [placed.id] });
	await becomes(placed, "payment_review");
	return placed;
}

async function unknownPaymentOfCancelled(): Promise<Order> {
	const placed = await unknownPayment();
	await cancel(placed);
	return placed;
}

/** The provider refuses refunds while a charge is disputed; afterwards it makes them. */
async function whileDisputed(of: Order, act: () => Promise<unknown>): Promise<void> {
	await dashboard.dispute(paymentOf(of));
	await act();
	await until(
		async () => (await shown(of)).refunds.some(({ status }) => status === "review"),
		20_000
	);
	await dashboard.decideDispute(paymentOf(of), "won");
}

async function refusedRefund(): Promise<Order> {
	const bought = await confirmed();
	await whileDisputed(bought, () => cancel(bought));
	return bought;
}

async function returning(of: Order): Promise<void> {
	const { id } = of;
	await call(shop.broker, actions.ship, { id, carrier: "UPS", tracking_number: "1Z" }, as(admin));
	await call(shop.broker, actions.deliver, { id }, as(admin));
	const items = of.items.map(({ product_id, quantity }) => ({ product_id, quantity }));
	const ask = { id, items, reason: "too small", idempotency_key: newId() };
	const { return: back } = await call(shop.broker, actions["return.request"], ask, as(alice));
	await call(shop.broker, actions["return.approve"], { id: back.id }, as(admin));
}

async function refusedRefundOfReturn(): Promise<Order> {
	const bought = await confirmed();
	await whileDisputed(bought, () => returning(bought));
	return bought;
}

async function cameBack(of: Order): Promise<Order> {
	await dashboard.changeRefund(paymentOf(of), "failed");
	await message(of, "refund.failed");
	return of;
}

async function cameBackToRefunded(): Promise<Order> {
	const bought = await confirmed();
	await cancel(bought);
	await becomes(bought, "refunded");
	await cameBack(bought);
	await becomes(bought, "refund_pending");
	return bought;
}

async function cameBackToReturned(): Promise<Order> {
	const bought = await confirmed();
	await returning(bought);
	await becomes(bought, "returned");
	return cameBack(bought);
}

async function cameBackToStaff(): Promise<Order> {
	const bought = await confirmed();
	const asked = { id: paymentOf(bought), reason: "damaged", idempotency_key: newId() };
	await call(shop.broker, payment.actions.refund, asked, as(support));
	return cameBack(bought);
}

type Ends = { status: string; refunded: "all" | "nothing" } | "refused";
const ends = (status: string, refunded: "all" | "nothing" = "nothing"): Ends => ({
	status,
	refunded
});

/** What is in review, and how the order ends after each decision. */
const table: readonly [what: string, make: () => Promise<Order>, Record<Decision, Ends>][] = [
	[
		"a payment with an unknown outcome",
		unknownPayment,
		{
			charged: ends("confirmed"),
			not_charged: ends("payment_failed"),
			refunded_elsewhere: ends("payment_failed")
		}
	],
	[
		"a payment with an unknown outcome, of an order that is to be cancelled",
		unknownPaymentOfCancelled,
		{
			charged: ends("refunded", "all"),
			not_charged: ends("cancelled"),
			refunded_elsewhere: ends("cancelled")
		}
	],
	[
		"a refund of a cancelled order that was refused",
		refusedRefund,
		{
			charged: ends("refunded", "all"),
			not_charged: "refused",
			refunded_elsewhere: ends("refunded", "all")
		}
	],
	[
		"a refund of a return that was refused",
		refusedRefundOfReturn,
		{
			charged: ends("returned", "all"),
			not_charged: "refused",
			refunded_elsewhere: ends("returned", "all")
		}
	],
	[
		"a refund that came back after its order was refunded",
		cameBackToRefunded,
		{
			charged: ends("refunded", "all"),
			not_charged: "refused",
			refunded_elsewhere: ends("refunded", "all")
		}
	],
	[
		"a refund that came back after its order was returned",
		cameBackToReturned,
		{
			charged: ends("returned", "all"),
			not_charged: "refused",
			refunded_elsewhere: ends("returned", "all")
		}
	],
	[
		"a refund by staff that came back",
		cameBackToStaff,
		{
			charged: ends("confirmed"),
			not_charged: "refused",
			refunded_elsewhere: ends("confirmed", "all")
		}
	]
];

const rows = table.flatMap(([what, make, decisions]) =>
	Object.entries(decisions).map(([decision, end]) => ({
		what,
		make,
		decision: decision as Decision,
		end
	}))
);

/** What the events of the order say was refunded, once every change of its payment is in them. */
async function refundsReported({ id }: Order): Promise<number> {
	await until(
		async () => (await shop.database.rows("select id from payment.notices")).length === 0
	);
	const [row] = await shop.database.rows<{ sum: number }>(
		`select coalesce(sum(case type when 'order.refund_issued' then amount when 'order.refund_failed' then -amount
				when 'order.refunded' then coalesce(amount, total) when 'order.returned' then returned end), 0)::int as sum
		from orders.events, lateral (select (payload#>>'{refund,amount,amount}')::int as amount,
			(payload#>>'{total,amount}')::int as total, (payload#>>'{return,refunded,amount}')::int as returned) x
		where order_id = $1`,
		[id]
	);
	return row!.sum;
}

async function reviewOf(of: Order) {
	return until(async () => {
		const list = payment.actions["review.list"];
		const { data } = await call(shop.broker, list, { limit: 100 }, as(support));
		return data.find(({ order_id }) => order_id === of.id);
	}, 10_000);
}

it.each(rows)(
	"$what, decided $decision",
	async ({ make, decision, end }) => {
		const of = await make();
		const { id, kind } = await reviewOf(of);
		const isCharged = kind === "payment" && decision === "charged";
		if (isCharged) await dashboard.approve(paymentOf(of));
		const ref = isCharged && { provider_ref: `ch_${paymentOf(of)}` };
		const decided = { id, decision, note: "seen at the dashboard", ...ref };
		const act = () => call(shop.broker, payment.actions["review.decide"], decided, as(support));
		if (end === "refused")
			return expectFailure(act(), "VALIDATION_FAILED", { pointer: "/decision" });
		await act();
		await becomes(of, end.status);
		await until(async () => {
			const { refunds, refunded, amount } = await shown(of);
			const isOpen = refunds.some(({ status }) => status === "pending" || status === "review");
			return !isOpen && refunded.amount === (end.refunded === "all" ? amount.amount : 0);
		}, 20_000);
		await expectFailure(
			call(shop.broker, actions["saga.get"], { id: of.id }, as(admin)),
			"NOT_FOUND"
		);
		expect((await current(of)).reason).not.toBe("outcome_unknown");
		expect(await refundsReported(of)).toBe((await shown(of)).refunded.amount);
	},
	60_000
);
