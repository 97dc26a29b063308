import { order, type Order } from "../../../contracts/order.ts";
import { payment } from "../../../contracts/payment.ts";
import { derivedId, newId } from "../../../lib/id.ts";
import { call } from "../../../lib/service.ts";
import type {
	PaymentProvider,
	RefundOutcome,
	RefundRequest
} from "../../../services/payment/provider/provider.ts";
import { admin, alice, as, support } from "../../support/shop/callers.ts";
import { expectFailure } from "../../support/expect-failure.ts";
import { place, settledOrder } from "../../support/shop/orders.ts";
import { orderServices } from "../../support/shop/services.ts";
import {
	webhookMessage,
	webhookSecret,
	webhookSignature
} from "../../support/shop/stripe-webhooks.ts";
import { useShop } from "../../support/shop/use-shop.ts";
import { until } from "../../support/until.ts";

/** Refunds that the provider has and does not make, or refuses at first, or takes back. */

const shop = useShop(
	orderServices,
	{
		LOG_LEVEL: "fatal",
		SAGA_POLL_MS: "50",
		ORDERS_MAX_IN_FLIGHT: "5",
		ORDER_MAX_OPEN: "0",
		STRIPE_WEBHOOK_SECRET: webhookSecret
	},
	{ checkStock: "all" }
);
const { actions } = order;

type Pays = { provider: PaymentProvider };
const provider = () => (shop.broker.getLocalService("payment") as unknown as Pays).provider;

/** What the provider says of refunds of these payments; others are made. */
const standing = new Map<string, RefundOutcome>();
/** Refunds that it took while it said so, and lists. */
const held: RefundRequest[] = [];

beforeEach(() => {
	standing.clear();
	held.length = 0;
	const refund = provider().refund.bind(provider());
	jest.spyOn(provider(), "refund").mockImplementation(async asked => {
		const says = standing.get(asked.payment_id);
		if (!says) return refund(asked);
		if (says.status !== "failed") held.push(asked);
		return says;
	});
	const list = provider().refundsOf.bind(provider());
	jest.spyOn(provider(), "refundsOf").mockImplementation(async charge => {
		const outcome = standing.get(charge.replace("ch_", ""));
		const own = held.filter(({ charge_ref }) => charge_ref === charge);
		const here = own.map(({ key, amount }) => ({
			key,
			ref: `re_${key}`,
			amount,
			outcome: outcome!
		}));
		const there = await list(charge);
		return outcome ? [...here, ...there.map(one => ({ ...one, outcome }))] : there;
	});
});
afterEach(() => jest.restoreAllMocks());

const pending: RefundOutcome = { status: "pending" };
const made: RefundOutcome = { status: "succeeded", ref: "re_late" };
const refused: RefundOutcome = { status: "failed", code: "charge_not_found" };

const paymentOf = ({ id }: Order) => derivedId(id, "charge");
const confirmed = async () => (await place(shop.broker, { wait_s: 10 })).order;
const cancel = ({ id }: Order) =>
	call(shop.broker, actions.cancel, { id, idempotency_key: newId() }, as(alice));
const sagaOf = (id: string) => call(shop.broker, actions["saga.get"], { id }, as(admin));
const waitsFor = (id: string, what: string) =>
	until(async () => {
		const saga = await sagaOf(id).catch(() => undefined);
		return saga?.waits_for === what && saga.lease === null ? saga : undefined;
	}, 10_000);

async function webhook(paymentId: string, type: string): Promise<void> {
	const body = webhookMessage(paymentId, type);
	const body_base64 = Buffer.from(body).toString("base64");
	const signature = webhookSignature(body);
	await call(shop.broker, payment.actions.webhook, { body_base64, signature });
}

/** Decides that the refund in review of an order was not made, and returns its id. @param not another one */
async function decideNotMade(order_id: string, not?: string, then?: RefundOutcome) {
	const list = payment.actions["review.list"];
	const review = await until(async () => {
		const { data } = await call(shop.broker, list, { limit: 100 }, as(support));
		return data.find(one => one.order_id === order_id && one.id !== not);
	}, 10_000);
	if (then) standing.set(review.payment_id, then);
	const decision = { id: review.id, decision: "charged", note: "it is on our account" } as const;
	await call(shop.broker, payment.actions["review.decide"], decision, as(support));
	return review.id;
}

const shown = (order_id: string) => call(shop.broker, payment.actions.get, { order_id }, as(admin));

it("wait by themselves: other refunds and new orders go on, and a webhook ends the wait", async () => {
	const orders = [];
	for (let n = 0; n < 8; n++) {
		const bought = await confirmed();
		standing.set(paymentOf(bought), pending);
		await cancel(bought);
		orders.push(bought);
	}
	for (const { id } of orders) {
		const saga = await waitsFor(id, "refund");
		expect(saga).toMatchObject({ status: "refund_pending", last_error: null });
	}
	const other = await confirmed();
	await cancel(other);
	expect((await settledOrder(shop.broker, other.id)).status).toBe("refunded");
	for (const bought of orders) {
		standing.set(paymentOf(bought), made);
		await webhook(paymentOf(bought), "refund.updated");
	}
	for (const { id } of orders)
		expect((await settledOrder(shop.broker, id)).status).toBe("refunded");
}, 60_000);

it("wait a second at first, however often faults made the order wait before", async () => {
	const bought = await confirmed();
	standing.set(paymentOf(bought), pending);
	await cancel(bought);
	await waitsFor(bought.id, "refund");
	const delays = async (attempt: number) => {
		await until(async () => (await sagaOf(bought.id)).attempt === attempt, 10_000);
		const sql = `select extract(epoch from next_run_at - now())::float8 as delay_s from orders.saga
			where order_id = $1`;
		return (await shop.database.rows<{ delay_s: number }>(sql, [bought.id]))[0]!.delay_s;
	};
	const faults =
		"update orders.saga set attempt = 15, waits_for = 'fault', next_run_at = now() where order_id = $1";
	await shop.database.rows(faults, [bought.id]);
	expect(await delays(1)).toBeLessThanOrEqual(1);
	expect(await delays(2)).toBeLessThanOrEqual(2);
	standing.set(paymentOf(bought), made);
	expect((await settledOrder(shop.broker, bought.id)).status).toBe("refunded");
}, 30_000);

it("start again when staff find that one of a cancelled order was not made", async () => {
	const bought = await confirmed();
	standing.set(paymentOf(bought), refused);
	await cancel(bought);
	await waitsFor(bought.id, "human");
	await decideNotMade(bought.id, undefined, made);
	expect((await settledOrder(shop.broker, bought.id)).status).toBe("refunded");
	const { refunds, refunded, amount } = await shown(bought.id);
	expect(refunds.map(({ status }) => status)).toEqual(["failed", "succeeded"]);
	expect(refunded).toEqual(amount);
}, 30_000);

it("start again when staff find that one of a return was not made, and again", async () => {
	const bought = await confirmed();
	const { id } = bought;
	await call(shop.broker, actions.ship, { id, carrier: "UPS", tracking_number: "1Z" }, as(admin));
	await call(shop.broker, actions.deliver, { id }, as(admin));
	const items = [{ product_id: "prod-001", quantity: 1 }];
	const ask = { id, items, reason: "too small", idempotency_key: newId() };
	const { return: requested } = await call(shop.broker, actions["return.request"], ask, as(alice));
	standing.set(paymentOf(bought), refused);
	await call(shop.broker, actions["return.approve"], { id: requested.id }, as(admin));
	const first = await decideNotMade(id);
	await decideNotMade(id, first, made);
	await until(async () => {
		const { status } = await call(shop.broker, actions.get, { id }, as(alice));
		return status === "returned";
	}, 10_000);
	const { refunds, refunded } = await shown(id);
	expect(refunds.map(({ status }) => status)).toEqual(["failed", "failed", "succeeded"]);
	const back = await call(shop.broker, actions["return.get"], { id: requested.id }, as(alice));
	expect([back.status, back.refunded]).toEqual(["completed", refunded]);
}, 30_000);

it("start again when the bank returns one after the order was refunded, as staff decide", async () => {
	const bought = await confirmed();
	await cancel(bought);
	expect((await settledOrder(shop.broker, bought.id)).status).toBe("refunded");
	standing.set(paymentOf(bought), refused);
	await webhook(paymentOf(bought), "refund.failed");
	await decideNotMade(bought.id, undefined, made);
	const { amount } = await shown(bought.id);
	await until(async () => {
		const { refunds, refunded } = await shown(bought.id);
		return refunds.at(-1)!.status === "succeeded" && refunded.amount === amount.amount;
	}, 20_000);
}, 40_000);

it("leave nothing to ship when all of an order was refunded by staff, and something when a part was", async () => {
	const parcel = { carrier: "UPS", tracking_number: "1Z" };
	const refund = async (bought: Order, amount?: number) => {
		const part = amount === undefined ? {} : { amount: { amount, currency: "USD" } };
		const asked = { id: paymentOf(bought), ...part, reason: "damaged", idempotency_key: newId() };
		await call(shop.broker, payment.actions.refund, asked, as(support));
	};
	const [whole, partly] = [await confirmed(), await confirmed()];
	await refund(whole);
	await refund(partly, 1);
	const ship = ({ id }: Order) => call(shop.broker, actions.ship, { id, ...parcel }, as(admin));
	await expectFailure(ship(whole), "ILLEGAL_TRANSITION", { detail: "refunded" });
	expect((await ship(partly)).status).toBe("shipped");
});
