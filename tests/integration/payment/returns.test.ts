import { setTimeout as delay } from "node:timers/promises";
import { payment } from "../../../contracts/payment.ts";
import { newId } from "../../../lib/id.ts";
import { call, type Params } from "../../../lib/service.ts";
import paymentService from "../../../services/payment/payment.service.ts";
import { expectFailure } from "../../support/expect-failure.ts";
import { admin, alice } from "../../support/shop/callers.ts";
import { useShop } from "../../support/shop/use-shop.ts";
import { usd, paymentsOf } from "../../support/shop/payments.ts";

const shop = useShop([paymentService], { LOG_LEVEL: "fatal" });
const { paid, refund, refundRemaining, get, paidBack } = paymentsOf(shop);

describe("refunding lines", () => {
	const lines = [
		{ product_id: "a", amount: 600 },
		{ product_id: "b", amount: 400 }
	];
	const part = (product_id: string, amount: number) => ({ product_id, amount });

	const bought = () => paid("pm_card_visa", lines);

	type RefundReturnParams = Params<typeof payment.actions.refundLines>;
	function refundReturn(
		order_id: string,
		parts: typeof lines,
		over: Partial<RefundReturnParams> = {}
	) {
		return call(shop.broker, payment.actions.refundLines, {
			order_id,
			purpose: `return:${newId()}`,
			amount: usd(parts.reduce((sum, { amount }) => sum + amount, 0)),
			lines: parts,
			reason: "too small",
			requested_by: alice.id,
			...over
		});
	}

	it("refunds those lines, once per purpose, and records who requested it", async () => {
		const { id, order_id } = await bought();
		const purpose = `return:${newId()}`;
		const first = await refundReturn(order_id, [part("a", 300)], { purpose });
		expect(first).toEqual({ state: "refunded", refunded: 300 });
		expect((await get(id)).refunds).toMatchObject([
			{ amount: usd(300), lines: [part("a", 300)], requested_by: alice.id, status: "succeeded" }
		]);
		await Promise.all(
			Array.from({ length: 10 }, () => refundReturn(order_id, [part("a", 300)], { purpose }))
		);
		expect(await paidBack(id)).toEqual([300]);
		await expectFailure(
			refundReturn(order_id, [part("a", 200)], { purpose }),
			"IDEMPOTENCY_KEY_REUSED"
		);
	});

	it("refunds no more than is left of a line", async () => {
		const { id, order_id } = await bought();
		await refundReturn(order_id, [part("a", 500)]);
		expect(await refundReturn(order_id, [part("c", 1)])).toEqual({
			state: "refunded",
			refunded: 0
		});
		await refund(id, { amount: usd(250) });
		const { refunds } = await get(id);
		expect(refunds[1]!.lines).toEqual([part("a", 50), part("b", 200)]);
		const purpose = `return:${newId()}`;
		const all = [part("a", 51), part("b", 300)];
		expect(await refundReturn(order_id, all, { purpose })).toEqual({
			state: "refunded",
			refunded: 250
		});
		expect(await refundReturn(order_id, all, { purpose })).toEqual({
			state: "refunded",
			refunded: 250
		});
		expect((await get(id)).refunded).toEqual(usd(1000));
		expect(await refundReturn(order_id, [part("a", 1)])).toEqual({
			state: "refunded",
			refunded: 0
		});
		expect(await paidBack(id)).toEqual([500, 250, 250]);
	});

	it("refunds again, under another id, what was found not to be refunded", async () => {
		const { id, order_id } = await bought();
		const purpose = `return:${newId()}`;
		await refundReturn(order_id, [part("a", 300)], { purpose });
		await shop.database.rows(
			`with r as (update payment.refunds set status = 'failed', failure_code = 'not_refunded' where payment_id = $1)
			update payment.payments set refunded_minor = 0 where id = $1`,
			[id]
		);
		for (let n = 0; n < 2; n++)
			expect(await refundReturn(order_id, [part("a", 300)], { purpose })).toEqual({
				state: "refunded",
				refunded: 300
			});
		const { refunds } = await get(id);
		expect(refunds.map(({ status }) => status)).toEqual(["failed", "succeeded"]);
	});

	it("refuses lines that do not sum to the amount", async () => {
		const { order_id } = await bought();
		const wrong = refundReturn(order_id, [part("a", 300)], { amount: usd(301) });
		await expectFailure(wrong, "VALIDATION_FAILED");
	});

	it("never refunds a line beyond its share under twenty parallel returns and refunds", async () => {
		const { id, order_id } = await bought();
		await Promise.allSettled(
			Array.from({ length: 20 }, (_, n) =>
				n % 2 ? refundReturn(order_id, [part("a", 130)]) : refund(id, { amount: usd(90) })
			)
		);
		const { refunds, refunded } = await get(id);
		for (const { product_id, amount } of lines) {
			const parts = refunds.flatMap(r => r.lines).filter(l => l.product_id === product_id);
			expect(parts.reduce((sum, p) => sum + p.amount, 0)).toBeLessThanOrEqual(amount);
		}
		const all = (await paidBack(id)).reduce((sum, amount) => sum + amount, 0);
		expect(refunded).toEqual(usd(all));
	});
});

describe("the events of a payment", () => {
	it("record every change once, with the payment's state", async () => {
		const { id, order_id } = await paid();
		await refund(id, { amount: usd(300) });
		await refundRemaining(order_id);
		const sql = `select seq, type, status, amount_minor::int, refunded_minor::int, actor->>'id' as who
			from payment.events where payment_id = $1 order by seq`;
		const rows = (await shop.database.rows(sql, [id])).map(row => Object.values(row));
		expect(rows).toEqual([
			[1, "begun", "processing", 1000, 0, null],
			[2, "succeeded", "succeeded", 1000, 0, null],
			[3, "refund_begun", "succeeded", 300, 300, admin.id],
			[4, "refund_succeeded", "succeeded", 300, 300, null],
			[5, "refund_begun", "succeeded", 700, 1000, "system"],
			[6, "refund_succeeded", "succeeded", 700, 1000, null]
		]);
	});

	it("give the state at any instant", async () => {
		const { id, order_id } = await paid();
		// Instants are in milliseconds, and these must differ.
		await delay(5);
		await refund(id, { amount: usd(300) });
		const sql = "select at from payment.events where payment_id = $1 order by seq";
		const instants = (await shop.database.rows<{ at: Date }>(sql, [id])).map(({ at }) => at);
		const stood = async (at: Date, ms: number) => {
			const when = new Date(at.getTime() + ms).toISOString();
			const params = { order_ids: [order_id], at: when };
			const { payments } = await call(shop.broker, payment.actions.summaries, params);
			return payments.map(({ status, refunded }) => [status, refunded.amount]);
		};
		expect(await stood(instants[0]!, -1)).toEqual([]);
		expect(await stood(instants[1]!, 1)).toEqual([["succeeded", 0]]);
		expect(await stood(instants[3]!, 1)).toEqual([["succeeded", 300]]);
	});

	it.each([
		"update payment.events set amount_minor = 1",
		"delete from payment.events",
		"delete from payment.psp_inbox",
		"update payment.psp_inbox set type = 'x'"
	])("do not allow the service: %s", async sql => {
		await paid();
		await expect(shop.database.rows(`set role shop_payment; ${sql}`)).rejects.toThrow(
			"permission denied"
		);
	});
});
