import { newId } from "../../../lib/id.ts";
import { readLedger } from "../../../psp/ledger/ledger.ts";
import paymentService from "../../../services/payment/payment.service.ts";
import { until } from "../../support/until.ts";
import { expectFailure, successesOf } from "../../support/expect-failure.ts";
import { admin, alice } from "../../support/shop/callers.ts";
import { useShop } from "../../support/shop/use-shop.ts";
import { usd, ledgerPath, paymentsOf } from "../../support/shop/payments.ts";
import { dashboardOf } from "../../support/shop/provider-dashboard.ts";

const shop = useShop([paymentService], { LOG_LEVEL: "fatal" });
const { paid, askRefund, refund, refundRemaining, get, paidBack } = paymentsOf(shop);

/** Runs the sweeper on a payment's refund; returns its status afterwards. */
async function lookedAt(paymentId: string): Promise<string> {
	const find = "select checks, status from payment.refunds where payment_id = $1";
	const row = async () =>
		(await shop.database.rows<{ checks: number; status: string }>(find, [paymentId]))[0]!;
	const { checks } = await row();
	await shop.database.rows(
		"update payment.refunds set next_check_at = now() where payment_id = $1",
		[paymentId]
	);
	await until(async () => (await row()).checks > checks);
	// It claims before it checks. After a check that changes nothing there is only the next one to wait for.
	await shop.database.rows(
		"update payment.refunds set next_check_at = now() where payment_id = $1",
		[paymentId]
	);
	await until(async () => {
		const now = await row();
		return now.status !== "pending" || now.checks > checks + 1;
	});
	return (await row()).status;
}

/** The provider refuses refunds of a charge that is disputed. */
const dashboard = dashboardOf(shop);

/** A pending refund of all, whose node crashed before it called the provider. */
async function neverSent(paymentId: string, key: string): Promise<void> {
	const id = newId();
	await shop.database.rows(
		`insert into payment.refunds (id, payment_id, purpose, amount_minor, reason, requested_by)
		values ($1::uuid, $2, 'refund:' || $1::text, 1000, 'broken', $3)`,
		[id, paymentId, admin.id]
	);
	// As if it was from before: only its target counts.
	await shop.database.rows(
		`insert into idempotency.request (principal, key, service, action, request_hash, subject, is_answered, created_at)
		values ($1, $2, 'shop_payment', 'payment.refund', sha256(convert_to('payment.refund ' || $4::text, 'UTF8')),
			$3, false, now() - interval '11 s')`,
		[admin.id, key, id, paymentId]
	);
	await shop.database.rows("update payment.payments set refunded_minor = 1000 where id = $1", [
		paymentId
	]);
}

async function aged(paymentId: string, hours: number): Promise<void> {
	await shop.database.rows(
		"update payment.refunds set created_at = now() - $2 * interval '1 h' where payment_id = $1",
		[paymentId, hours]
	);
}

const eur = (amount: number) => ({ amount, currency: "EUR" });

describe("refunding", () => {
	it("refunds all when no amount is given", async () => {
		const { id } = await paid();
		const answer = await refund(id);
		expect(answer).toMatchObject({ id, status: "succeeded", refunded: usd(1000) });
		expect(answer.refunds).toEqual([
			{
				id: expect.any(String),
				amount: usd(1000),
				lines: [{ product_id: "prod-001", amount: 1000 }],
				reason: "broken",
				requested_by: admin.id,
				status: "succeeded",
				origin: "staff",
				failure_code: null,
				created_at: expect.stringMatching(/Z$/)
			}
		]);
		expect(await paidBack(id)).toEqual([1000]);
	});

	it("refunds parts, one after another, then the rest", async () => {
		const { id } = await paid();
		await refund(id, { amount: usd(300) });
		await refund(id, { amount: usd(200) });
		const answer = await refund(id);
		expect(answer.refunds.map(({ amount }) => amount.amount)).toEqual([300, 200, 500]);
		expect(answer.refunded).toEqual(usd(1000));
		expect(await paidBack(id)).toEqual([300, 200, 500]);
	});

	it("records who requested it", async () => {
		const { id } = await paid();
		await refund(id);
		const sql = "select requested_by from payment.refunds where payment_id = $1";
		expect(await shop.database.rows(sql, [id])).toEqual([{ requested_by: admin.id }]);
	});

	it("refuses more than was charged, and more than is left", async () => {
		const { id } = await paid();
		await expectFailure(refund(id, { amount: usd(1001) }), "REFUND_EXCEEDS_PAYMENT");
		await refund(id, { amount: usd(600) });
		await expectFailure(refund(id, { amount: usd(401) }), "REFUND_EXCEEDS_PAYMENT");
		await refund(id, { amount: usd(400) });
		await expectFailure(refund(id, { amount: usd(1) }), "REFUND_EXCEEDS_PAYMENT");
		await expectFailure(refund(id), "PAYMENT_NOT_REFUNDABLE");
		expect(await paidBack(id)).toEqual([600, 400]);
	});

	it("refuses payments that failed or do not exist", async () => {
		const declined = await paid("pm_card_chargeDeclined");
		const unknown = await paid("pm_sim_dropConnection");
		for (const { id } of [declined, unknown])
			await expectFailure(refund(id), "PAYMENT_NOT_REFUNDABLE");
		await expectFailure(refund(newId()), "NOT_FOUND");
	});

	it("refuses customers, amounts of 0 and fractions", async () => {
		const { id } = await paid();
		await expectFailure(refund(id, {}, alice), "FORBIDDEN");
		for (const amount of [0, -1, 0.5])
			await expectFailure(refund(id, { amount: usd(amount) }), "VALIDATION_ERROR");
		expect(await paidBack(id)).toEqual([]);
	});

	it("refunds three decimals in tens, each line too, and all that is left", async () => {
		const lines = [
			{ product_id: "prod-001", amount: 340 },
			{ product_id: "prod-002", amount: 330 },
			{ product_id: "prod-003", amount: 330 }
		];
		const kwd = (amount: number) => ({ amount, currency: "KWD" });
		const { id } = await paid("pm_card_visa", lines, "KWD");
		for (const amount of [1, 5, 99, 101, 995])
			await expectFailure(refund(id, { amount: kwd(amount) }), "VALIDATION_FAILED", {
				pointer: "/amount/amount",
				detail: "must be a multiple of 10 in KWD"
			});
		const { refunds } = await refund(id, { amount: kwd(100) });
		expect(refunds[0]!.lines.map(({ amount }) => amount)).toEqual([40, 30, 30]);
		expect((await refund(id)).refunded).toEqual(kwd(1000));
		expect(await paidBack(id)).toEqual([100, 900]);
	});

	it("leaves it to the provider whether it refunds what is left of a payment from before that is no multiple", async () => {
		const { id } = await paid("pm_card_visa", undefined, "KWD");
		await shop.database.rows("update payment.payments set refunded_minor = 5 where id = $1", [id]);
		await shop.database.rows(
			`insert into payment.refunds (id, payment_id, purpose, amount_minor, lines, reason, requested_by, status, provider_ref)
			values (gen_random_uuid(), $1, 'refund:before', 5, '[{"product_id":"prod-001","amount":5}]', 'x', 'x', 'succeeded', 'elsewhere')`,
			[id]
		);
		const rest = { amount: { amount: 995, currency: "KWD" } };
		await expectFailure(askRefund(id, rest), "REFUND_REFUSED");
		expect((await get(id)).refunds.at(-1)).toMatchObject({ ...rest, status: "failed" });
	});

	it("refuses another currency than the payment's, and writes nothing", async () => {
		const { id } = await paid();
		const before = await get(id);
		const idempotency_key = newId();
		await expectFailure(refund(id, { amount: eur(100), idempotency_key }), "VALIDATION_FAILED", {
			pointer: "/amount/currency",
			issue: "currency",
			detail: "must be USD"
		});
		expect(await get(id)).toEqual(before);
		expect(await paidBack(id)).toEqual([]);
		const answer = await refund(id, { amount: usd(100), idempotency_key });
		expect(answer.refunded).toEqual(usd(100));
	});

	it("refunds once per key, one after another or in parallel", async () => {
		const { id } = await paid();
		const idempotency_key = newId();
		const once = () => refund(id, { amount: usd(400), idempotency_key });
		const first = await once();
		expect(await once()).toEqual(first);
		await Promise.all(Array.from({ length: 10 }, once));
		const other = { amount: usd(100), idempotency_key: newId() };
		await Promise.all(Array.from({ length: 10 }, () => refund(id, other)));
		expect((await get(id)).refunded).toEqual(usd(500));
		expect(await paidBack(id)).toEqual([400, 100]);
	});

	it("refuses a key that is reused with another amount, currency or reason", async () => {
		const { id } = await paid();
		const idempotency_key = newId();
		await refund(id, { amount: usd(400), idempotency_key });
		const others = [
			{ amount: usd(300) },
			{ amount: eur(400) },
			{},
			{ amount: usd(400), reason: "late" }
		];
		for (const over of others)
			await expectFailure(refund(id, { idempotency_key, ...over }), "IDEMPOTENCY_KEY_REUSED");
		expect(await paidBack(id)).toEqual([400]);
	});

	it("is one refund for two repetitions while the first waits for the provider", async () => {
		const { id } = await paid("pm_sim_slowRefund");
		const asked = { idempotency_key: newId() };
		const answers = await Promise.all([1, 2, 3].map(() => askRefund(id, asked)));
		expect(answers.map(({ replayed }) => replayed).toSorted()).toEqual([false, true, true]);
		expect(new Set(answers.map(answer => JSON.stringify(answer.payment))).size).toBe(1);
		expect(await paidBack(id)).toEqual([1000]);
	});

	it("never refunds more than was charged under twenty parallel partial refunds", async () => {
		const { id } = await paid();
		const refunds = Array.from({ length: 20 }, () => refund(id, { amount: usd(130) }));
		expect(await successesOf(refunds, "REFUND_EXCEEDS_PAYMENT")).toHaveLength(7);
		expect(await paidBack(id)).toEqual(Array(7).fill(130));
		expect((await get(id)).refunded).toEqual(usd(910));
	});

	it("stays pending and counted when the response is lost, and is finished by the sweeper", async () => {
		const { id } = await paid("pm_sim_dropRefundConnection");
		const idempotency_key = newId();
		const lost = await refund(id, { amount: usd(600), idempotency_key });
		expect(lost).toMatchObject({ refunded: usd(600), refunds: [{ status: "pending" }] });
		await expectFailure(refund(id, { amount: usd(401) }), "REFUND_EXCEEDS_PAYMENT");
		expect(await lookedAt(id)).toBe("succeeded");
		expect(await get(id)).toMatchObject({ refunded: usd(600), refunds: [{ status: "succeeded" }] });
		expect(await paidBack(id)).toEqual([600]);
	});

	it("repeats the first response under its key, byte for byte, even if the payment changed since", async () => {
		const { id } = await paid();
		const asked = { amount: usd(400), idempotency_key: newId() };
		const answers = await Promise.all(Array.from({ length: 10 }, () => askRefund(id, asked)));
		expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1);
		await refund(id, { amount: usd(100) });
		const again = await askRefund(id, asked);
		expect(again.replayed).toBe(true);
		const texts = [...answers, again].map(({ payment: shown }) => JSON.stringify(shown));
		expect(new Set(texts).size).toBe(1);
		expect(again.payment.refunded).toEqual(usd(400));
	});

	it("also repeats a response with an unknown outcome; a later refusal goes to review", async () => {
		const { id } = await paid();
		await dashboard.dispute(id);
		const idempotency_key = newId();
		await neverSent(id, idempotency_key);
		await aged(id, 21);
		const unknown = await refund(id, { idempotency_key });
		expect(unknown).toMatchObject({ refunds: [{ status: "pending" }] });
		await aged(id, 1);
		expect(await lookedAt(id)).toBe("review");
		expect(await askRefund(id, { idempotency_key })).toEqual({ payment: unknown, replayed: true });
	});

	it("only looks up a refund whose key may have expired at the provider", async () => {
		const { id } = await paid("pm_sim_dropRefundConnection");
		await refund(id);
		await aged(id, 21);
		const { attempts } = await readLedger(ledgerPath(shop));
		expect(await lookedAt(id)).toBe("succeeded");
		expect((await readLedger(ledgerPath(shop))).attempts).toBe(attempts);
	});

	it("does not resend an unknown refund after 20 hours, and puts it in review after 24", async () => {
		const { id } = await paid();
		const idempotency_key = newId();
		await neverSent(id, idempotency_key);
		await aged(id, 21);
		expect(await refund(id, { idempotency_key })).toMatchObject({
			refunds: [{ status: "pending" }]
		});
		await aged(id, 24);
		expect(await lookedAt(id)).toBe("review");
		expect((await get(id)).refunded).toEqual(usd(1000));
		expect(await paidBack(id)).toEqual([]);
	});

	it("sends what a crashed node never sent", async () => {
		const { id } = await paid();
		const idempotency_key = newId();
		await neverSent(id, idempotency_key);
		expect(await refund(id, { idempotency_key })).toMatchObject({
			refunds: [{ status: "succeeded" }]
		});
		expect(await paidBack(id)).toEqual([1000]);
	});

	it("restores the amount when the provider refuses, and keeps the failed refund", async () => {
		const { id } = await paid();
		await dashboard.dispute(id);
		const asked = { amount: usd(400), idempotency_key: newId() };
		for (let n = 0; n < 2; n++) await expectFailure(refund(id, asked), "REFUND_REFUSED");
		expect(await get(id)).toMatchObject({ refunded: usd(0), refunds: [{ status: "failed" }] });
		await dashboard.decideDispute(id, "won");
		const answer = await refund(id, { amount: usd(300) });
		expect(answer.refunded).toEqual(usd(300));
	});
});

describe("reversing", () => {
	it("refunds all that is left, once", async () => {
		const { id, order_id } = await paid();
		await refund(id, { amount: usd(300) });
		const answer = await refundRemaining(order_id);
		expect(answer).toMatchObject({ id, refunded: usd(1000) });
		expect(await refundRemaining(order_id)).toEqual(answer);
		expect(await paidBack(id)).toEqual([300, 700]);
	});

	it("refunds once for twenty parallel calls", async () => {
		const { id, order_id } = await paid();
		await Promise.allSettled(Array.from({ length: 20 }, () => refundRemaining(order_id)));
		expect(await refundRemaining(order_id)).toMatchObject({ refunded: usd(1000) });
		expect(await paidBack(id)).toEqual([1000]);
	});

	it("changes nothing when all was refunded before", async () => {
		const { id, order_id } = await paid();
		const before = await refund(id);
		expect(await refundRemaining(order_id)).toEqual(before);
	});

	it("is pending while the outcome is unknown, and ends on a repetition", async () => {
		const { id, order_id } = await paid("pm_sim_dropRefundConnection");
		expect(await refundRemaining(order_id)).toMatchObject({ refunds: [{ status: "pending" }] });
		expect(await refundRemaining(order_id)).toMatchObject({
			refunded: usd(1000),
			refunds: [{ status: "succeeded" }]
		});
		expect(await paidBack(id)).toEqual([1000]);
	});

	it("finishes a refund of staff that was left pending", async () => {
		const { id, order_id } = await paid("pm_sim_dropRefundConnection");
		await refund(id, { amount: usd(300) });
		await refundRemaining(order_id);
		await refundRemaining(order_id);
		const { refunds } = await get(id);
		expect(refunds.map(({ status }) => status)).toEqual(["succeeded", "succeeded"]);
		expect(await paidBack(id)).toEqual([300, 700]);
	});

	it("is not confused with a refund of staff with the same key", async () => {
		const { id, order_id } = await paid();
		for (const idempotency_key of ["reverse", "reverse:0", "reverse:100"])
			await refund(id, { amount: usd(100), idempotency_key });
		expect(await refundRemaining(order_id)).toMatchObject({ refunded: usd(1000) });
		expect(await paidBack(id)).toEqual([100, 100, 100, 700]);
	});

	it("goes to review when the provider refuses, and does not retry", async () => {
		const { id, order_id } = await paid();
		await dashboard.dispute(id);
		await expectFailure(refundRemaining(order_id), "PAYMENT_NOT_REFUNDABLE");
		const { attempts } = await readLedger(ledgerPath(shop));
		await expectFailure(refundRemaining(order_id), "PAYMENT_NOT_REFUNDABLE");
		expect((await readLedger(ledgerPath(shop))).attempts).toBe(attempts);
		expect(await get(id)).toMatchObject({ refunded: usd(1000), refunds: [{ status: "review" }] });
	});

	it("refuses orders that were not paid", async () => {
		const { order_id } = await paid("pm_card_chargeDeclined");
		await expectFailure(refundRemaining(order_id), "PAYMENT_NOT_REFUNDABLE");
		await expectFailure(refundRemaining(newId()), "NOT_FOUND");
	});
});
