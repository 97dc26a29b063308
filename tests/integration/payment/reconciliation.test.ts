import type { Charge } from "../../../contracts/payment.ts";
import { derivedId, newId } from "../../../lib/id.ts";
import { Charges } from "../../../services/payment/charges/charges.ts";
import { NotSent } from "../../../services/payment/provider/guarded.ts";
import { RateLimited } from "../../../services/payment/provider/provider.ts";
import { Refunds } from "../../../services/payment/refunds/refunds.ts";
import { Idempotency } from "../../../idempotency/idempotency.ts";
import { RefundRepository } from "../../../services/payment/refunds/refund.repository.ts";
import { PaymentRepository } from "../../../services/payment/charges/payment.repository.ts";
import { Sweeper } from "../../../services/payment/sweeper.ts";
import {
	challenged,
	failed,
	ScriptedProvider,
	succeeded
} from "../../support/shop/scripted-provider.ts";
import { until } from "../../support/until.ts";
import { admin, alice, bob } from "../../support/shop/callers.ts";
import { useDatabase } from "../../support/servers/use-database.ts";

let payments: PaymentRepository;
let provider: ScriptedProvider;
/** Two nodes. */
let charges: Charges;
let others: Charges;
let late: string[];

const database = useDatabase("payment");

beforeAll(() => {
	payments = new PaymentRepository(database.db);
});

beforeEach(() => {
	provider = new ScriptedProvider();
	late = [];
	const options = {
		repository: payments,
		provider,
		chargeWaitMs: 250,
		challengeMs: 60_000,
		onRecorded: () => undefined,
		onLate: (ids: string[]) => void late.push(...ids),
		onProblem: () => undefined,
		chance: () => 0
	};
	charges = new Charges(options);
	others = new Charges(options);
});

afterEach(() => jest.restoreAllMocks());
function chargeOf(order_id = newId()): Charge {
	const lines = [{ product_id: "prod-001", amount: 1000 }];
	const amount = { amount: 1000, currency: "USD" };
	return { order_id, user_id: alice.id, amount, lines, payment_method: "pm_card_visa" };
}

/** An order whose node crashed between inserting the payment's row and the call, so many seconds ago. */
async function processingFor(ageS: number): Promise<string> {
	const charge = chargeOf();
	await payments.begin([charge]);
	await update(
		charge.order_id,
		`first_sent_at = now() - ${ageS} * interval '1 s', sent_at = now() - ${ageS} * interval '1 s'`
	);
	return charge.order_id;
}

async function update(orderId: string, set: string): Promise<void> {
	await database.rows(`update payment.payments set ${set} where order_id = $1`, [orderId]);
}

async function row(orderId: string) {
	return (await payments.find([orderId]))[0]!;
}

const statusOf = async (outcomes: Promise<{ status: string; failure_code: string | null }[]>) => {
	const { status, failure_code } = (await outcomes)[0]!;
	return failure_code ?? status;
};
const voided = (order: string) => statusOf(charges.void([order]));
const charged = (order: string) => statusOf(charges.charge([chargeOf(order)]));
const resolved = (order: string) => statusOf(charges.resolve([order]));

/** A promise to wait for, and the function that resolves it. */
const gate = () => Promise.withResolvers<void>();

describe("voiding a charge that the provider does not know", () => {
	it("fails it permanently once the request can no longer arrive", async () => {
		const [young, old] = [await processingFor(14), await processingFor(16)];
		expect(await voided(young)).toBe("processing");
		expect(await voided(old)).toBe("voided");
		expect(await charged(old)).toBe("voided");
		expect(await resolved(old)).toBe("voided");
		expect(provider.charged).toEqual([]);
		expect(await payments.summaries([old])).toEqual([]);
	});

	it("leaves it alone when another node has claimed it meanwhile", async () => {
		const order = await processingFor(16);
		provider.onRetrieve = async () => {
			provider.onRetrieve = () => Promise.resolve();
			await others.charge([chargeOf(order)]);
		};
		expect(await voided(order)).toBe("processing");
		expect(await voided(order)).toBe("succeeded");
		expect(provider.charged).toHaveLength(1);
	});

	it("keeps another node from sending it that had read it before", async () => {
		const order = await processingFor(16);
		const looked = gate();
		provider.onRetrieve = async () => {
			provider.onRetrieve = () => Promise.resolve();
			await voided(order);
			looked.resolve();
		};
		expect(await statusOf(others.charge([chargeOf(order)]))).toBe("processing");
		await looked.promise;
		expect(await charged(order)).toBe("voided");
		expect(provider.charged).toEqual([]);
	});

	it("need not wait for one that was certainly not sent", async () => {
		provider.onCharge = () => Promise.reject(new NotSent("the provider is down"));
		const order = newId();
		expect(await charged(order)).toBe("processing");
		await until(async () => (await row(order)).sends === 0);
		expect(await voided(order)).toBe("voided");
	});

	it("goes to review when its outcome is unknown for a day", async () => {
		const order = await processingFor(24 * 3600 + 1);
		expect(await voided(order)).toBe("review");
	});
});

describe("a charge that was not sent", () => {
	it("is sent as soon as the charge is repeated", async () => {
		provider.onCharge = () => Promise.reject(new NotSent("the provider is down"));
		const order = newId();
		await charged(order);
		await until(async () => (await row(order)).sends === 0);
		provider.onCharge = () => Promise.resolve(succeeded());
		expect(await charged(order)).toBe("succeeded");
	});

	it("is not sent by a node that was stopped since it claimed it", async () => {
		const order = newId();
		const start = performance.now();
		const now = jest.spyOn(performance, "now").mockReturnValueOnce(start);
		now.mockReturnValue(start + 3001);
		expect(await charged(order)).toBe("processing");
		expect(provider.charged).toEqual([]);
		now.mockRestore();
		await until(async () => (await row(order)).sends === 0);
	});

	it("is refunded automatically when it was made although it was voided", async () => {
		const [asked, answer] = [gate(), gate()];
		provider.onCharge = async () => {
			asked.resolve();
			await answer.promise;
			return succeeded("ch_late");
		};
		const order = newId();
		const first = charged(order);
		await asked.promise;
		await update(order, "status = 'failed', failure_code = 'voided', seq = seq + 10");
		answer.resolve();
		await first;
		await charges.idle();
		expect(await row(order)).toMatchObject({ status: "succeeded", failure_code: "voided" });
		const repository = new RefundRepository(database.db);
		const callbacks = { onLate: () => undefined, onProblem: () => undefined };
		const idempotency = new Idempotency(database.db);
		const refunds = new Refunds({ repository, idempotency, provider, ...callbacks });
		const onError = (error: Error) => expect(error).toBeUndefined();
		const swept = { payments, charges, repository, refunds };
		const sweeper = new Sweeper({ ...swept, everyMs: 10, onError });
		sweeper.start();
		await until(() => provider.refunded.length === 1);
		await sweeper.stop();
		const [summary] = await payments.summaries([order]);
		expect(summary).toMatchObject({ refunded: { amount: 1000 } });
	});
});

describe("a charge that was rate-limited", () => {
	const turnedAway = (retryAfterMs: number) => () =>
		Promise.reject(new RateLimited("too many", retryAfterMs));
	let looks: number;

	beforeEach(() => {
		looks = 0;
		provider.onRetrieve = async () => void looks++;
	});

	it("is repeated under its key after the provider's Retry-After, without a lookup, and a hint is sent", async () => {
		provider.onCharge = () => {
			provider.onCharge = () => Promise.resolve(succeeded());
			return turnedAway(400)();
		};
		const order = newId();
		expect(await charged(order)).toBe("processing");
		await until(() => late.includes(order));
		expect(await row(order)).toMatchObject({ status: "succeeded", sends: 2, resend_in_ms: null });
		const key = derivedId(order, "charge");
		expect([provider.charged, looks]).toEqual([[key, key], 0]);
	});

	it("is not repeated before, by any node, even if that is later than a node waits", async () => {
		provider.onCharge = turnedAway(60_000);
		const order = newId();
		await charged(order);
		await charges.idle();
		expect(await statusOf(others.charge([chargeOf(order)]))).toBe("processing");
		expect([provider.charged.length, looks]).toEqual([1, 0]);
		await update(order, "resend_at = now()");
		provider.onCharge = () => Promise.resolve(succeeded());
		expect(await statusOf(others.charge([chargeOf(order)]))).toBe("succeeded");
		expect([provider.charged.length, looks]).toEqual([2, 0]);
	});

	it("is tried three times by its node, and then only on the next call", async () => {
		provider.onCharge = turnedAway(0);
		const order = newId();
		expect(await charged(order)).toBe("processing");
		await charges.idle();
		expect(provider.charged).toHaveLength(3);
		expect(await row(order)).toMatchObject({ status: "processing", sends: 3 });
	});

	it("is looked up when the order is cancelled", async () => {
		provider.onCharge = turnedAway(60_000);
		const order = newId();
		await charged(order);
		provider.known.set(derivedId(order, "charge"), succeeded());
		expect(await voided(order)).toBe("succeeded");
	});
});

describe("a charge that the customer has to confirm", () => {
	async function waiting(): Promise<string> {
		provider.onCharge = () => Promise.resolve(challenged);
		const order = newId();
		expect(await charged(order)).toBe("processing");
		return order;
	}

	it("shows the bank's URL to its owner only", async () => {
		const order = await waiting();
		const shown = await payments.get("order_id", order, alice.id);
		expect(shown).toMatchObject({
			status: "processing",
			next_action: { type: "redirect", url: "https://bank.example/challenge" }
		});
		expect((await payments.get("order_id", order))!.next_action).toBeNull();
		// Staff see where to approve what they have bought themselves.
		const [others, own] = [admin.id, alice.id].map(viewer =>
			payments.get("order_id", order, undefined, viewer)
		);
		expect((await others)!.next_action).toBeNull();
		expect((await own)!.next_action).not.toBeNull();
		expect(await payments.get("order_id", order, bob.id)).toBeUndefined();
	});

	it("waits for them, and has the outcome that they choose", async () => {
		const [yes, no] = [await waiting(), await waiting()];
		expect(await resolved(yes)).toBe("processing");
		provider.known.set(derivedId(yes, "charge"), succeeded());
		provider.known.set(derivedId(no, "charge"), failed("authentication_failed"));
		expect(await resolved(yes)).toBe("succeeded");
		expect(await charged(no)).toBe("authentication_failed");
		expect((await payments.get("order_id", yes, alice.id))!.next_action).toBeNull();
		expect(provider.charged).toHaveLength(2);
	});

	it("is cancelled once their time is over", async () => {
		const order = await waiting();
		await update(order, "action_until = now() - interval '1 s'");
		expect((await payments.get("order_id", order, alice.id))!.next_action).toBeNull();
		expect(await charged(order)).toBe("challenge_expired");
		expect(provider.abandoned).toEqual([derivedId(order, "charge")]);
	});

	it("is charged when they approve before it is cancelled", async () => {
		const order = await waiting();
		await update(order, "action_until = now() - interval '1 s'");
		provider.onAbandon = () => succeeded();
		expect(await resolved(order)).toBe("succeeded");
	});

	it("is cancelled at once when the order is cancelled", async () => {
		const order = await waiting();
		expect(await voided(order)).toBe("voided");
		expect(await payments.summaries([order])).toEqual([]);
	});
});

describe("a charge that ends after its call has returned", () => {
	it("causes a hint, and those that ended in time do not", async () => {
		const answer = gate();
		const slow = chargeOf();
		provider.onCharge = async ({ order_id }) => {
			if (order_id === slow.order_id) await answer.promise;
			return succeeded(`ch_${order_id}`);
		};
		const outcomes = await charges.charge([chargeOf(), slow, chargeOf()]);
		expect(outcomes.map(({ status }) => status)).toEqual(["succeeded", "processing", "succeeded"]);
		expect(late).toEqual([]);
		answer.resolve();
		await until(() => late.length > 0);
		expect(late).toEqual([slow.order_id]);
		expect((await row(slow.order_id)).status).toBe("succeeded");
	});
});

describe("a charge of another amount than ours", () => {
	it("goes to review with the provider's reference", async () => {
		provider.onCharge = () =>
			Promise.resolve({ ...succeeded("ch_9"), amount: { amount: 999, currency: "USD" } } as never);
		const order = newId();
		expect(await charged(order)).toBe("review");
		expect(await row(order)).toMatchObject({ provider_ref: "ch_9" });
	});
});
