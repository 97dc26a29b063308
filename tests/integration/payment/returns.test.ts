import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { ServiceBroker } from "moleculer";
import { payment, type Payment } from "../../../contracts/payment.ts";
import { newId } from "../../../lib/id.ts";
import { call, type Params } from "../../../lib/service.ts";
import { readLedger, type LedgerReport } from "../../../psp/ledger/ledger.ts";
import paymentService from "../../../services/payment/payment.service.ts";
import { testDatabase, type TestDatabase } from "../../support/servers/database.ts";
import { startNode, temporaryFolder } from "../../support/servers/start-node.ts";
import { admin, alice } from "../../support/shop/orders.ts";

let database: TestDatabase;
let ledgerPath: string;
let broker: ServiceBroker;

beforeAll(async () => {
	database = await testDatabase();
	const folder = await temporaryFolder();
	ledgerPath = join(folder, "psp-ledger.jsonl");
	broker = await startNode([paymentService], {
		DATABASE_URL: database.url,
		DATA_DIR: folder,
		LOG_LEVEL: "fatal"
	});
}, 30_000);

afterAll(async () => {
	await broker.stop();
	await database.drop();
});

/** A payment of 10.00 USD; its id and its order's. */
async function paid(payment_method = "pm_card_visa"): Promise<{ id: string; order_id: string }> {
	const order_id = newId();
	const amount = { amount: 1000, currency: "USD" };
	const lines = [{ product_id: "prod-001", amount: 1000 }];
	const charges = [{ order_id, user_id: alice.id, amount, lines, payment_method }];
	const { outcomes } = await call(broker, payment.actions.charge, { charges });
	return { id: outcomes[0]!.payment_id, order_id };
}

type RefundParams = Params<typeof payment.actions.refund>;

async function refund(
	id: string,
	over: Partial<RefundParams> = {},
	user = admin
): Promise<Payment> {
	const params = { id, reason: "broken", idempotency_key: newId(), ...over };
	return (await call(broker, payment.actions.refund, params, { meta: { user } })).payment;
}

function refundRemaining(order_id: string): Promise<Payment> {
	return call(broker, payment.actions.refundRemaining, { order_id, reason: "requested" });
}

function get(id: string): Promise<Payment> {
	return call(broker, payment.actions.get, { id }, { meta: { user: admin } });
}

function refusedAs(work: Promise<unknown>, type: string): Promise<void> {
	return expect(work).rejects.toMatchObject({ type });
}

/** The provider's refunds of a payment: amounts. */
async function paidBack(id: string, report?: LedgerReport): Promise<number[]> {
	const { refunds } = report ?? (await readLedger(ledgerPath));
	return refunds.filter(({ charge_ref }) => charge_ref === `ch_${id}`).map(r => r.amount);
}

const usd = (amount: number) => ({ amount, currency: "USD" });

describe("refunding lines", () => {
	const lines = [
		{ product_id: "a", amount: 600 },
		{ product_id: "b", amount: 400 }
	];
	const part = (product_id: string, amount: number) => ({ product_id, amount });

	async function bought() {
		const order_id = newId();
		const charge = { order_id, user_id: alice.id, amount: usd(1000), lines };
		const charges = [{ ...charge, payment_method: "pm_card_visa" }];
		const { outcomes } = await call(broker, payment.actions.charge, { charges });
		return { id: outcomes[0]!.payment_id, order_id };
	}

	type RefundReturnParams = Params<typeof payment.actions.refundLines>;
	function refundReturn(
		order_id: string,
		parts: typeof lines,
		over: Partial<RefundReturnParams> = {}
	) {
		return call(broker, payment.actions.refundLines, {
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
		expect(first).toEqual({ refunded: 300 });
		expect((await get(id)).refunds).toMatchObject([
			{ amount: usd(300), lines: [part("a", 300)], requested_by: alice.id, status: "succeeded" }
		]);
		await Promise.all(
			Array.from({ length: 10 }, () => refundReturn(order_id, [part("a", 300)], { purpose }))
		);
		expect(await paidBack(id)).toEqual([300]);
		await refusedAs(
			refundReturn(order_id, [part("a", 200)], { purpose }),
			"IDEMPOTENCY_KEY_REUSED"
		);
	});

	it("refunds no more than is left of a line", async () => {
		const { id, order_id } = await bought();
		await refundReturn(order_id, [part("a", 500)]);
		expect(await refundReturn(order_id, [part("c", 1)])).toEqual({ refunded: 0 });
		await refund(id, { amount: usd(250) });
		const { refunds } = await get(id);
		expect(refunds[1]!.lines).toEqual([part("a", 50), part("b", 200)]);
		const purpose = `return:${newId()}`;
		const all = [part("a", 51), part("b", 300)];
		expect(await refundReturn(order_id, all, { purpose })).toEqual({ refunded: 250 });
		expect(await refundReturn(order_id, all, { purpose })).toEqual({ refunded: 250 });
		expect((await get(id)).refunded).toEqual(usd(1000));
		expect(await refundReturn(order_id, [part("a", 1)])).toEqual({ refunded: 0 });
		expect(await paidBack(id)).toEqual([500, 250, 250]);
	});

	it("refuses lines that do not sum to the amount", async () => {
		const { order_id } = await bought();
		const wrong = refundReturn(order_id, [part("a", 300)], { amount: usd(301) });
		await refusedAs(wrong, "VALIDATION_FAILED");
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
		const rows = (await database.rows(sql, [id])).map(row => Object.values(row));
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
		const instants = (await database.rows<{ at: Date }>(sql, [id])).map(({ at }) => at);
		const stood = async (at: Date, ms: number) => {
			const when = new Date(at.getTime() + ms).toISOString();
			const params = { order_ids: [order_id], at: when };
			const { payments } = await call(broker, payment.actions.summaries, params);
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
		await expect(database.rows(`set role shop_payment; ${sql}`)).rejects.toThrow(
			"permission denied"
		);
	});
});
