import type { Charge } from "../../contracts/payment.ts";
import { Database, serviceUrl } from "../../db/database.ts";
import { derivedId, newId } from "../../lib/id.ts";
import { Charges } from "../../services/payment/payment.charges.ts";
import { ProviderUnavailable } from "../../services/payment/payment.provider.ts";
import { Refunds } from "../../services/payment/payment.refunds.ts";
import { RefundRepository } from "../../services/payment/payment.refunds.repository.ts";
import { PaymentRepository } from "../../services/payment/payment.repository.ts";
import { testDatabase, type TestDatabase } from "../support/database.ts";
import { admin, alice } from "../support/orders.ts";
import { ScriptedProvider } from "../support/provider.ts";

/** Two things at once that must not both have their way with one payment. */

let database: TestDatabase;
let pg: Database;
let payments: PaymentRepository;
let repository: RefundRepository;
let provider: ScriptedProvider;
let charges: Charges;
let refunds: Refunds;

beforeAll(async () => {
	database = await testDatabase();
	const url = serviceUrl(database.url, "payment");
	pg = new Database({ url, pool: 4, durability: "prefix", name: "test" });
	payments = new PaymentRepository(pg);
	repository = new RefundRepository(pg);
});

beforeEach(() => {
	provider = new ScriptedProvider();
	const quiet = { provider, onLate: () => undefined, onTrouble: () => undefined };
	const waits = { answerMs: 250, challengeMs: 60_000 };
	charges = new Charges({
		repository: payments,
		...quiet,
		...waits,
		onRecorded: () => undefined
	});
	refunds = new Refunds({ repository, ...quiet });
});

afterAll(async () => {
	await pg.close();
	await database.drop();
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

const refusedAs = (work: Promise<unknown>, type: string) =>
	expect(work).rejects.toMatchObject({ type });

describe("a refund that was made", () => {
	it("goes to a human when the bank sends it back and the provider says so, and to nobody else", async () => {
		const { id } = await paid();
		for (const amount of [400, 300])
			await refunds.refund(id, newId(), { amount: usd(amount), reason: "scratched", actor: admin });
		const [returned] = await repository.ofPayment(id);
		provider.knownRefunds.set(returned!.id, { status: "failed", code: "lost_or_stolen_card" });
		await Promise.all([refunds.wake({ id }), refunds.wake({ id })]);
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

describe("paying all back while a refund of staff is under way", () => {
	it("is not whole when that one is refused meanwhile, and is when it is asked again", async () => {
		const { id, order } = await paid();
		provider.onRefund = () => Promise.reject(new ProviderUnavailable("no answer"));
		const request = { amount: usd(400), reason: "scratched", actor: admin };
		await refunds.refund(id, newId(), request);
		provider.onRefund = ({ amount }) =>
			Promise.resolve(
				amount.amount === 400
					? { status: "failed", code: "charge_not_found" }
					: { status: "succeeded", ref: "re_rest" }
			);
		await refusedAs(refunds.reverse(order, "requested"), "UNAVAILABLE");
		provider.onRefund = () => Promise.resolve({ status: "succeeded", ref: "re_again" });
		await refunds.reverse(order, "requested");
		const made = (await repository.ofPayment(id)).map(r => [r.amount_minor, r.status]);
		expect(made).toEqual([
			[400, "failed"],
			[600, "succeeded"],
			[400, "succeeded"]
		]);
	});
});
