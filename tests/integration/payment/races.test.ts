import { expectFailure } from "../../support/expect-failure.ts";
import type { Charge } from "../../../contracts/payment.ts";
import { derivedId, newId } from "../../../lib/id.ts";
import { Charges } from "../../../services/payment/charges/charges.ts";
import { NotSent } from "../../../services/payment/provider/guarded.ts";
import {
	ProviderUnavailable,
	type RefundOutcome
} from "../../../services/payment/provider/provider.ts";
import { Refunds } from "../../../services/payment/refunds/refunds.ts";
import { keyedBy } from "../../support/shop/keyed-by.ts";
import { Idempotency } from "../../../idempotency/idempotency.ts";
import { RefundRepository } from "../../../services/payment/refunds/refund.repository.ts";
import { PaymentRepository } from "../../../services/payment/charges/payment.repository.ts";
import { Sweeper } from "../../../services/payment/sweeper.ts";
import { challenged, ScriptedProvider, succeeded } from "../../support/shop/scripted-provider.ts";
import { until } from "../../support/until.ts";
import { admin, alice } from "../../support/shop/callers.ts";
import { useDatabase } from "../../support/servers/use-database.ts";

/** Concurrent operations on one payment, of which only one may take effect. */

let payments: PaymentRepository;
let repository: RefundRepository;
let provider: ScriptedProvider;
let charges: Charges;
let refunds: Refunds;

const database = useDatabase("payment");

beforeAll(() => {
	payments = new PaymentRepository(database.db);
	repository = new RefundRepository(database.db);
});

beforeEach(() => {
	provider = new ScriptedProvider();
	const callbacks = { provider, onLate: () => undefined, onProblem: () => undefined };
	const waits = { chargeWaitMs: 250, challengeMs: 60_000 };
	charges = new Charges({
		repository: payments,
		...callbacks,
		...waits,
		onRecorded: () => undefined
	});
	const idempotency = new Idempotency(database.db);
	refunds = new Refunds({ repository, idempotency, ...callbacks });
});

const usd = (amount: number) => ({ amount, currency: "USD" });

function chargeOf(order_id = newId()): Charge {
	const lines = [{ product_id: "prod-001", amount: 1000 }];
	return { order_id, user_id: alice.id, amount: usd(1000), lines, payment_method: "pm_card_visa" };
}

async function paid(): Promise<{ id: string; order: string }> {
	const order = newId();
	expect(await charges.charge([chargeOf(order)])).toMatchObject([{ status: "succeeded" }]);
	return { id: derivedId(order, "charge"), order };
}

/** A promise to wait for, and the function that resolves it. */
const gate = () => Promise.withResolvers<void>();

/** Runs the sweeper until the condition is true. */
async function swept(isSo: () => boolean | Promise<boolean>): Promise<void> {
	const onError = (error: Error) => expect(error).toBeUndefined();
	const sweeper = new Sweeper({ payments, charges, repository, refunds, everyMs: 10, onError });
	sweeper.start();
	await until(isSo, 4000).finally(() => sweeper.stop());
}

/** Moves time so that no request can still be in flight. */
const timePasses = (order: string) =>
	database.rows(
		"update payment.payments set sent_at = now() - interval '16 s' where order_id = $1",
		[order]
	);

describe("a charge that is made after it was voided", () => {
	/** Voided because the provider did not know it 16 s after it was sent. */
	async function voidedCharge(): Promise<{ id: string; order: string }> {
		const order = newId();
		provider.onCharge = () => Promise.reject(new ProviderUnavailable("no answer"));
		expect(await charges.charge([chargeOf(order)])).toMatchObject([{ status: "processing" }]);
		await timePasses(order);
		expect(await charges.void([order])).toMatchObject([{ failure_code: "voided" }]);
		return { id: derivedId(order, "charge"), order };
	}

	const refundedOf = async (id: string) => (await payments.get("id", id))!.refunded;

	it("is refunded as soon as a webhook arrives", async () => {
		const { id } = await voidedCharge();
		provider.known.set(id, succeeded("ch_late"));
		await charges.wake((await payments.findById(id))!);
		await swept(async () => (await refundedOf(id)).amount === 1000);
		expect(provider.refunded).toHaveLength(1);
	});

	it("is refunded without a webhook, some time later", async () => {
		const { id } = await voidedCharge();
		provider.known.set(id, succeeded("ch_late"));
		await database.rows("update payment.payments set next_check_at = now() where id = $1", [id]);
		await swept(async () => (await refundedOf(id)).amount === 1000);
		expect(provider.refunded).toHaveLength(1);
	});

	it("is cancelled at the provider when it waits for its customer", async () => {
		const { id } = await voidedCharge();
		provider.known.set(id, challenged);
		await database.rows("update payment.payments set next_check_at = now() where id = $1", [id]);
		await swept(() => provider.abandoned.includes(id));
		expect(await payments.findById(id)).toMatchObject({ status: "failed", action_url: null });
	});

	it("is looked up at growing intervals, and not after a day", async () => {
		const { id } = await voidedCharge();
		const waits = async (hours: number) => {
			await database.rows(
				`update payment.payments set next_check_at = now(), updated_at = now() - $2 * interval '1 h' where id = $1`,
				[id, hours]
			);
			const claimed = async () => (await payments.claimVoided(8)).some(row => row.id === id);
			expect([await claimed(), await claimed()]).toEqual([true, false]);
			const sql = `select extract(epoch from next_check_at - now())::int / 3600.0 as hours from payment.payments where id = $1`;
			return (await database.rows<{ hours: string | null }>(sql, [id]))[0]!.hours;
		};
		expect(Number(await waits(1))).toBeCloseTo(1, 1);
		expect(Number(await waits(10))).toBeCloseTo(10, 1);
		expect(await waits(25)).toBeNull();
	});
});

describe("an attempt at a charge that was not sent", () => {
	const noAnswer = () => Promise.reject(new ProviderUnavailable("no answer"));

	it("is reverted late without hiding another one that was sent", async () => {
		const order = newId();
		provider.onCharge = noAnswer;
		await charges.charge([chargeOf(order)]);
		await timePasses(order);
		const [taken, decided] = [gate(), gate()];
		provider.onCharge = async () => {
			taken.resolve();
			await decided.promise;
			throw new NotSent("waited too long for its turn");
		};
		const second = charges.charge([chargeOf(order)]);
		await taken.promise;
		await timePasses(order);
		provider.onCharge = noAnswer;
		await charges.charge([chargeOf(order)]);
		decided.resolve();
		await second;
		await charges.idle();
		expect(await payments.find([order])).toMatchObject([{ status: "processing", sends: 3 }]);
	});

	it("leaves earlier attempts counted, so that voiding still waits for them", async () => {
		const order = newId();
		provider.onCharge = noAnswer;
		await charges.charge([chargeOf(order)]);
		await timePasses(order);
		provider.onCharge = () => Promise.reject(new NotSent("the provider is down"));
		await charges.charge([chargeOf(order)]);
		expect(await payments.find([order])).toMatchObject([{ sends: 1 }]);
		expect(await charges.void([order])).toMatchObject([{ status: "processing" }]);
	});
});

/** Answered with the payment. */
async function byStaff(id: string, amount: number, key = newId()) {
	const params = { id, amount: usd(amount), reason: "scratched" };
	const request = { ...keyedBy(admin, "payment.refund", params), key };
	return (await refunds.refund(id, request, { ...params, actor: admin })).answer;
}

describe("a refund that was made", () => {
	it("goes to review when a webhook says that the bank returned it", async () => {
		const { id } = await paid();
		for (const amount of [400, 300]) await byStaff(id, amount);
		const [returned] = await repository.ofPayment(id);
		provider.knownRefunds.set(returned!.id, { status: "failed", code: "lost_or_stolen_card" });
		await Promise.all([
			refunds.wake({ id, provider_ref: null }),
			refunds.wake({ id, provider_ref: null })
		]);
		const made = (await repository.ofPayment(id)).map(r => [r.amount_minor, r.status]);
		expect(made).toEqual([
			[400, "review"],
			[300, "succeeded"]
		]);
		expect((await payments.get("id", id))!.refunded).toEqual(usd(700));
		const sql = "select type from payment.events where payment_id = $1 and type = 'refund_review'";
		expect(await database.rows(sql, [id])).toHaveLength(1);
	});
});

describe("refunding while a refund of staff is pending", () => {
	const noAnswer = () => Promise.reject(new ProviderUnavailable("no answer"));
	const refusal: RefundOutcome = { status: "failed", code: "charge_not_found" };
	const made = async (id: string) =>
		(await repository.ofPayment(id)).map(r => [r.amount_minor, r.status]);

	it("all that remains is incomplete when that one is refused meanwhile, and complete on a repetition", async () => {
		const { id, order } = await paid();
		const [sent, refused] = [gate(), gate()];
		const first = async () => {
			sent.resolve();
			await refused.promise;
			return refusal;
		};
		provider.onRefund = first;
		const staff = byStaff(id, 400);
		await sent.promise;
		provider.onRefund = async ({ amount }) => {
			if (amount.amount === 600) return { status: "succeeded", ref: "re_rest" };
			refused.resolve();
			await staff;
			return noAnswer();
		};
		expect((await refunds.refundRemaining(order, "requested")).state).toBe("pending");
		provider.onRefund = () => Promise.resolve({ status: "succeeded", ref: "re_again" });
		await refunds.refundRemaining(order, "requested");
		expect(await made(id)).toEqual([
			[400, "failed"],
			[600, "succeeded"],
			[400, "succeeded"]
		]);
	});

	it("some lines waits for that one, which may be refused and leave their amount", async () => {
		const { id, order } = await paid();
		const [sent, refused] = [gate(), gate()];
		provider.onRefund = async () => {
			sent.resolve();
			await refused.promise;
			return refusal;
		};
		const staff = byStaff(id, 800);
		await sent.promise;
		const refundReturn = () =>
			refunds.refundLines({
				order_id: order,
				purpose: `return:${order}`,
				amount: usd(500),
				lines: [{ product_id: "prod-001", amount: 500 }],
				reason: "too small",
				actor: admin
			});
		expect(await refundReturn()).toEqual({ state: "pending", refunded: 0 });
		refused.resolve();
		await expectFailure(staff, "REFUND_REFUSED");
		provider.onRefund = () => Promise.resolve({ status: "succeeded", ref: "re_return" });
		expect(await refundReturn()).toEqual({ state: "refunded", refunded: 500 });
		expect(await made(id)).toEqual([
			[800, "failed"],
			[500, "succeeded"]
		]);
	});

	it("puts a refused one in review when no request waits for it any more", async () => {
		const { id } = await paid();
		provider.onRefund = noAnswer;
		await byStaff(id, 400);
		provider.onRefund = () => Promise.resolve(refusal);
		await refunds.wake({ id, provider_ref: null });
		expect(await made(id)).toEqual([[400, "review"]]);
	});
});
