import { payment, type Decision } from "../../../contracts/payment.ts";
import { derivedId, newId } from "../../../lib/id.ts";
import { call, type Params } from "../../../lib/service.ts";
import paymentService from "../../../services/payment/payment.service.ts";
import type { Reviews } from "../../../services/payment/reviews.ts";
import { until } from "../../support/until.ts";
import { expectFailure, successesOf } from "../../support/expect-failure.ts";
import { alice, as, support } from "../../support/shop/callers.ts";
import { useShop } from "../../support/shop/use-shop.ts";
import { lookUpCharges, paymentsOf, settledListener } from "../../support/shop/payments.ts";

const hints: string[] = [];

const shop = useShop([paymentService, settledListener(hints)], { LOG_LEVEL: "fatal" });
const { refundRemaining, get } = paymentsOf(shop);

function charge(order_id: string, amount = 1000) {
	const lines = [{ product_id: "prod-001", amount }];
	const asked = { user_id: alice.id, lines, payment_method: "pm_card_visa" };
	const charges = [{ order_id, amount: { amount, currency: "USD" }, ...asked }];
	return call(shop.broker, payment.actions.charge, { charges });
}

/** A payment that was charged with two amounts. */
async function inReview(): Promise<{ id: string; order_id: string }> {
	const order_id = newId();
	await charge(order_id);
	await charge(order_id, 1001);
	return { id: derivedId(order_id, "charge"), order_id };
}

/** A refund of all that the provider refused, because a part was refunded outside the shop. */
async function refused(): Promise<{ id: string; refund: string; order_id: string }> {
	const order_id = newId();
	await charge(order_id);
	const id = derivedId(order_id, "charge");
	const ref = "update payment.payments set provider_ref = $2 where id = $1";
	await shop.database.rows(ref, [id, "ch_nobody_knows"]);
	await expectFailure(refundRemaining(order_id), "PAYMENT_NOT_REFUNDABLE");
	await shop.database.rows(ref, [id, `ch_${id}`]);
	const shown = await get(id);
	return { id, refund: shown.refunds[0]!.id, order_id };
}

const list = async () =>
	(await call(shop.broker, payment.actions["review.list"], { limit: 100 }, as(support))).data;

function decide(
	id: string,
	decision: Decision,
	over: Partial<Params<(typeof payment.actions)["review.decide"]>> = {},
	user = support
) {
	const params = { id, decision, note: "as the provider's desk says", ...over };
	return call(shop.broker, payment.actions["review.decide"], params, as(user));
}

async function lastEvent(id: string) {
	const sql = "select * from payment.events where payment_id = $1 order by seq desc limit 1";
	return (await shop.database.rows(sql, [id]))[0];
}

describe("payments in review", () => {
	it("are listed with the reason, the oldest first, for staff only", async () => {
		const [one, two] = [await inReview(), await refused()];
		const data = (await list()).filter(({ payment_id }) => [one.id, two.id].includes(payment_id));
		expect(data).toEqual([
			{
				id: one.id,
				kind: "payment",
				payment_id: one.id,
				order_id: one.order_id,
				amount: { amount: 1000, currency: "USD" },
				reason: "amount_mismatch",
				provider_ref: `ch_${one.id}`,
				since: expect.stringMatching(/Z$/)
			},
			expect.objectContaining({
				id: two.refund,
				kind: "refund",
				payment_id: two.id,
				reason: "charge_not_found"
			})
		]);
		const asAlice = call(shop.broker, payment.actions["review.list"], {}, as(alice));
		await expectFailure(asAlice, "FORBIDDEN");
	});

	it.each([
		["charged", "succeeded", null],
		["not_charged", "failed", "not_charged"],
		["refunded_elsewhere", "failed", "refunded_elsewhere"]
	] as const)("become %s by a decision, and the order is woken", async (...row) => {
		const [decision, status, failure_code] = row;
		const { id, order_id } = await inReview();
		expect(await decide(id, decision)).toMatchObject({ id, status });
		expect(await lastEvent(id)).toMatchObject({
			type: "decided",
			status,
			actor: support,
			data: { decision, note: "as the provider's desk says", review_reason: "amount_mismatch" }
		});
		expect(await lookUpCharges(shop.broker, [order_id])).toMatchObject([{ status, failure_code }]);
		await until(() => hints.includes(order_id));
		expect((await list()).map(review => review.id)).not.toContain(id);
	});

	it("are counted by kind", async () => {
		const { reviews } = shop.broker.getLocalService("payment") as unknown as { reviews: Reviews };
		const counts = async () =>
			Object.fromEntries((await reviews.load()).map(({ kind, count }) => [kind, count]));
		const before = await counts();
		await inReview();
		await refused();
		expect(await counts()).toEqual({
			payment: before.payment! + 1,
			refund: before.refund! + 1
		});
	});

	it("become charged only with the provider's reference", async () => {
		const { id } = await inReview();
		await shop.database.rows("update payment.payments set provider_ref = null where id = $1", [id]);
		await expectFailure(decide(id, "charged"), "VALIDATION_FAILED", { pointer: "/provider_ref" });
		await decide(id, "charged", { provider_ref: "ch_found" });
		expect(await lastEvent(id)).toMatchObject({ data: { provider_ref: "ch_found" } });
	});

	it("are decided once, even by ten concurrent calls", async () => {
		const { id } = await inReview();
		const decisions = Array.from({ length: 10 }, (_, n) =>
			decide(id, n % 2 ? "charged" : "not_charged")
		);
		expect(await successesOf(decisions, "PAYMENT_NOT_IN_REVIEW")).toHaveLength(1);
		await expectFailure(decide(id, "charged"), "PAYMENT_NOT_IN_REVIEW");
	});

	it("are the only ones that can be decided, and by staff only", async () => {
		const order_id = newId();
		await charge(order_id);
		await expectFailure(decide(derivedId(order_id, "charge"), "charged"), "PAYMENT_NOT_IN_REVIEW");
		await expectFailure(decide(newId(), "charged"), "NOT_FOUND");
		const { id } = await inReview();
		await expectFailure(decide(id, "charged", {}, alice), "FORBIDDEN");
		await expectFailure(decide(id, "charged", { note: " " }), "VALIDATION_ERROR");
	});
});

describe("refunds in review", () => {
	it("are not retried automatically", async () => {
		const { id, order_id } = await refused();
		await expectFailure(refundRemaining(order_id), "PAYMENT_NOT_REFUNDABLE");
		expect((await get(id)).refunds).toHaveLength(1);
	});

	it("end the order's refund when it was refunded elsewhere", async () => {
		const { id, refund, order_id } = await refused();
		await decide(refund, "refunded_elsewhere");
		expect(await refundRemaining(order_id)).toMatchObject({
			id,
			refunded: { amount: 1000 },
			refunds: [{ status: "succeeded" }]
		});
		expect(await lastEvent(id)).toMatchObject({ type: "refund_decided", actor: support });
	});

	it("are retried under another key when it was not refunded", async () => {
		const { refund, order_id } = await refused();
		await decide(refund, "charged");
		const { refunds } = await refundRemaining(order_id);
		expect(refunds).toMatchObject([{ id: refund, status: "failed" }, { status: "succeeded" }]);
	});

	it("cannot be decided as not charged", async () => {
		const { refund } = await refused();
		await expectFailure(decide(refund, "not_charged"), "VALIDATION_FAILED");
	});
});
