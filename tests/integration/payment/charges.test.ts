import { payment, type Charge, type ChargeOutcome } from "../../../contracts/payment.ts";
import { derivedId, newId } from "../../../lib/id.ts";
import { call } from "../../../lib/service.ts";
import { readLedger } from "../../../psp/ledger/ledger.ts";
import paymentService from "../../../services/payment/payment.service.ts";
import { until } from "../../support/until.ts";
import { expectFailure } from "../../support/expect-failure.ts";
import { admin, alice, as, bob } from "../../support/shop/callers.ts";
import { useShop } from "../../support/shop/use-shop.ts";
import { lookUpCharges, usd, ledgerPath } from "../../support/shop/payments.ts";

/** Two nodes on one database and one ledger. */
const shop = useShop([paymentService], { LOG_LEVEL: "fatal" }, { nodes: 2 });

function chargeOf(payment_method = "pm_card_visa", over: Partial<Charge> = {}): Charge {
	const amount = { amount: 1000, currency: "USD" };
	const lines = [{ product_id: "prod-001", amount: over.amount?.amount ?? amount.amount }];
	return { order_id: newId(), user_id: alice.id, amount, lines, payment_method, ...over };
}

async function charge(charges: Charge[], via = shop.broker): Promise<ChargeOutcome[]> {
	return (await call(via, payment.actions.charge, { charges })).outcomes;
}

async function resolve(...orders: string[]): Promise<ChargeOutcome[]> {
	return lookUpCharges(shop.broker, orders);
}

async function bar(...orders: string[]): Promise<ChargeOutcome[]> {
	return (await call(shop.broker, payment.actions.void, { order_ids: orders })).outcomes;
}

/** Charges of an order at the provider: one entry per key. */
async function taken(orderId: string) {
	const { charges } = await readLedger(ledgerPath(shop));
	return charges.filter(({ order_id }) => order_id === orderId);
}

async function row(orderId: string) {
	const sql = "select * from payment.payments where order_id = $1";
	return (await shop.database.rows(sql, [orderId]))[0];
}

/** The row of a node that crashed before it called the provider. */
async function processingFor(
	ageS: number,
	{ order_id, user_id, amount, payment_method } = chargeOf()
) {
	await shop.database.rows(
		`insert into payment.payments
			(id, order_id, user_id, amount_minor, currency, payment_method, first_sent_at, sent_at)
		values ($1, $2, $3, $4, $5, $6, now() - $7 * interval '1 s', now() - $7 * interval '1 s')`,
		[
			derivedId(order_id, "charge"),
			order_id,
			user_id,
			amount.amount,
			amount.currency,
			payment_method,
			ageS
		]
	);
	return order_id;
}

describe("charging", () => {
	it("charges and records the provider's response", async () => {
		const asked = chargeOf();
		const payment_id = derivedId(asked.order_id, "charge");
		expect(await charge([asked])).toEqual([
			{
				order_id: asked.order_id,
				payment_id,
				status: "succeeded",
				failure_code: null,
				awaits_customer: false
			}
		]);
		expect(await taken(asked.order_id)).toMatchObject([
			{ key: payment_id, amount: 1000, currency: "USD", status: "succeeded" }
		]);
		expect(await row(asked.order_id)).toMatchObject({
			status: "succeeded",
			provider_ref: `ch_${payment_id}`,
			method_brand: "visa",
			method_last4: "4242"
		});
	});

	it.each([
		["pm_card_chargeDeclined", "card_declined"],
		["pm_card_visa_chargeDeclinedInsufficientFunds", "insufficient_funds"],
		["pm_card_nobody_knows", "payment_method_unknown"]
	])("returns failed for %s, also on a repetition", async (method, failure_code) => {
		const asked = chargeOf(method);
		for (let time = 0; time < 2; time++)
			expect(await charge([asked])).toMatchObject([{ status: "failed", failure_code }]);
		expect(await taken(asked.order_id)).toMatchObject([{ status: "failed" }]);
	});

	it("returns the recorded outcome on a repetition", async () => {
		const asked = chargeOf();
		const first = await charge([asked]);
		expect(await charge([asked])).toEqual(first);
		expect(await taken(asked.order_id)).toHaveLength(1);
	});

	it("charges once for twenty concurrent calls on two nodes", async () => {
		const asked = chargeOf();
		const answers = await Promise.all(
			Array.from({ length: 20 }, (_, n) => charge([asked], shop.nodes[n % 2]))
		);
		for (const [answer] of answers) expect(["succeeded", "processing"]).toContain(answer!.status);
		expect(await resolve(asked.order_id)).toMatchObject([{ status: "succeeded" }]);
		expect(await taken(asked.order_id)).toHaveLength(1);
	});

	it("charges whole batches once when two nodes get them in opposite order", async () => {
		const batch = Array.from({ length: 64 }, () => chargeOf());
		await Promise.all([charge(batch, shop.nodes[0]), charge(batch.toReversed(), shop.nodes[1])]);
		const outcomes = await resolve(...batch.map(({ order_id }) => order_id));
		expect(outcomes.map(({ order_id }) => order_id)).toEqual(batch.map(b => b.order_id));
		expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(["succeeded"]));
		for (const { order_id } of batch) expect(await taken(order_id)).toHaveLength(1);
	});

	it("gives a duplicate inside a batch one row and the same result", async () => {
		const [twice, other] = [chargeOf(), chargeOf("pm_card_chargeDeclined")];
		const outcomes = await charge([twice, other, twice]);
		expect(outcomes.map(({ status }) => status)).toEqual(["succeeded", "failed", "succeeded"]);
		expect(outcomes[2]).toEqual(outcomes[0]);
		expect(await taken(twice.order_id)).toHaveLength(1);
	});

	it("does not let one slow charge delay the others, and records the slow one later", async () => {
		const slow = chargeOf("pm_sim_slow");
		const batch = [slow, ...Array.from({ length: 63 }, () => chargeOf())];
		const start = performance.now();
		const [first, ...others] = await charge(batch);
		expect(performance.now() - start).toBeLessThan(1500);
		expect(first!.status).toBe("processing");
		expect(new Set(others.map(({ status }) => status))).toEqual(new Set(["succeeded"]));
		await until(async () => (await row(slow.order_id))!.status === "succeeded");
		expect(await charge([slow])).toMatchObject([{ status: "succeeded" }]);
		expect(await taken(slow.order_id)).toHaveLength(1);
	});

	it("records nothing when the connection is lost, and finds the charge by a lookup", async () => {
		const asked = chargeOf("pm_sim_dropConnection");
		expect(await charge([asked])).toMatchObject([{ status: "processing", failure_code: null }]);
		expect((await row(asked.order_id))!.status).toBe("processing");
		expect(await resolve(asked.order_id)).toMatchObject([{ status: "succeeded" }]);
		expect((await row(asked.order_id))!.status).toBe("succeeded");
		expect(await taken(asked.order_id)).toHaveLength(1);
	});

	it("puts a payment in review that is charged again with another amount", async () => {
		const asked = chargeOf();
		await charge([asked]);
		const other = chargeOf("pm_card_visa", { amount: usd(1001), order_id: asked.order_id });
		expect(await charge([other])).toMatchObject([{ status: "review" }]);
		expect(await row(asked.order_id)).toMatchObject({
			status: "review",
			review_reason: "amount_mismatch",
			amount_minor: "1000"
		});
		expect(await taken(asked.order_id)).toMatchObject([{ amount: 1000 }]);
	});

	it("sends nothing for an order that is in one batch with two amounts", async () => {
		const asked = chargeOf();
		const other = { ...asked, amount: { amount: 1000, currency: "EUR" } };
		const fine = chargeOf();
		const outcomes = await charge([asked, other, fine]);
		expect(outcomes.map(({ status }) => status)).toEqual(["review", "review", "succeeded"]);
		expect(await taken(asked.order_id)).toEqual([]);
	});

	it("goes to review when the provider knows the key with another request", async () => {
		const asked = chargeOf();
		await charge([asked]);
		for (const [table, column] of [
			["events", "payment_id"],
			["payments", "id"]
		])
			await shop.database.rows(`delete from payment.${table} where ${column} = $1`, [
				derivedId(asked.order_id, "charge")
			]);
		const other = chargeOf("pm_card_visa", { amount: usd(7), order_id: asked.order_id });
		expect(await charge([other])).toMatchObject([{ status: "review" }]);
		expect((await row(asked.order_id))!.review_reason).toBe("provider_conflict");
		expect(await taken(asked.order_id)).toMatchObject([{ amount: 1000 }]);
	});

	it("refuses lines that do not sum to the amount, or name a product twice", async () => {
		const line = { product_id: "a", amount: 500 };
		for (const lines of [[line], [line, line], [{ ...line, amount: 1001 }]])
			await expectFailure(charge([chargeOf("pm_card_visa", { lines })]), "VALIDATION_FAILED");
	});

	it("refuses an amount of 0 before it touches the batch", async () => {
		const nothing = chargeOf("pm_card_visa", { amount: usd(0) });
		const fine = chargeOf();
		await expectFailure(charge([fine, nothing]), "VALIDATION_ERROR");
		expect(await row(fine.order_id)).toBeUndefined();
	});
});

describe("resolving", () => {
	it("never starts a charge", async () => {
		const orderId = newId();
		expect(await resolve(orderId)).toMatchObject([{ order_id: orderId, status: "absent" }]);
		expect(await row(orderId)).toBeUndefined();
	});

	it("returns results in the order of the request, for all states", async () => {
		const [paid, declined, absent] = [chargeOf(), chargeOf("pm_card_chargeDeclined"), newId()];
		await charge([paid, declined]);
		const outcomes = await resolve(absent, declined.order_id, paid.order_id);
		expect(outcomes.map(({ status }) => status)).toEqual(["absent", "failed", "succeeded"]);
	});

	it("sends a charge that was never sent after the provider's time limit, and not before", async () => {
		const [young, old] = [await processingFor(4), await processingFor(11)];
		expect(await resolve(young)).toMatchObject([{ status: "processing" }]);
		expect(await taken(young)).toEqual([]);
		// One attempt may time out on a slow machine; the saga would look again too.
		await until(async () => (await resolve(old))[0]!.status === "succeeded");
		expect(await taken(old)).toMatchObject([{ key: derivedId(old, "charge"), amount: 1000 }]);
	});

	it("does the same when the charge is repeated instead", async () => {
		const young = chargeOf();
		await processingFor(4, young);
		expect(await charge([young])).toMatchObject([{ status: "processing" }]);
		expect(await taken(young.order_id)).toEqual([]);
		const old = chargeOf();
		await processingFor(11, old);
		expect(await charge([old])).toMatchObject([{ status: "succeeded" }]);
	});

	it("only looks up after 20 hours and goes to review after 24", async () => {
		const [late, tooLate] = [
			await processingFor(20 * 3600 + 1),
			await processingFor(24 * 3600 + 1)
		];
		const outcomes = await resolve(late, tooLate);
		expect(outcomes.map(({ status }) => status)).toEqual(["processing", "review"]);
		for (const orderId of [late, tooLate]) expect(await taken(orderId)).toEqual([]);
	});

	it("still records what it finds after 24 hours", async () => {
		const asked = chargeOf("pm_sim_dropConnection");
		await charge([asked]);
		await shop.database.rows(
			"update payment.payments set first_sent_at = now() - interval '25 h' where order_id = $1",
			[asked.order_id]
		);
		expect(await resolve(asked.order_id)).toMatchObject([{ status: "succeeded" }]);
	});
});

describe("voiding", () => {
	it("prevents an order without a payment from ever being charged", async () => {
		const asked = chargeOf();
		for (const outcomes of [
			await bar(asked.order_id),
			await bar(asked.order_id),
			await charge([asked]),
			await resolve(asked.order_id)
		])
			expect(outcomes).toMatchObject([{ status: "failed", failure_code: "voided" }]);
		expect(await taken(asked.order_id)).toEqual([]);
	});

	it("returns the outcome of a payment that was started", async () => {
		const [paid, open] = [chargeOf(), await processingFor(1)];
		await charge([paid]);
		const outcomes = await bar(paid.order_id, open);
		expect(outcomes.map(({ status }) => status)).toEqual(["succeeded", "processing"]);
	});

	it("either prevents or finds a concurrent charge, never both", async () => {
		const batch = Array.from({ length: 64 }, () => chargeOf());
		const orders = batch.map(({ order_id }) => order_id);
		await Promise.all([charge(batch, shop.nodes[1]), bar(...orders.toReversed())]);
		for (const { order_id, status, failure_code } of await resolve(...orders)) {
			expect(["succeeded", "voided"]).toContain(failure_code ?? status);
			expect(await taken(order_id)).toHaveLength(status === "succeeded" ? 1 : 0);
		}
	});

	it("is not shown as a payment", async () => {
		const orderId = newId();
		await bar(orderId);
		const asked = call(shop.broker, payment.actions.get, { order_id: orderId }, as(admin));
		await expectFailure(asked, "NOT_FOUND");
		const { payments } = await call(shop.broker, payment.actions.summaries, {
			order_ids: [orderId]
		});
		expect(payments).toEqual([]);
	});
});

describe("reading a payment", () => {
	it("shows it to its owner and to staff, by its id and by its order", async () => {
		const asked = chargeOf();
		const [outcome] = await charge([asked]);
		const seen = [];
		for (const user of [alice, admin])
			for (const by of [{ id: outcome!.payment_id }, { order_id: asked.order_id }])
				seen.push(await call(shop.broker, payment.actions.get, by, as(user)));
		expect(seen[0]).toEqual({
			id: outcome!.payment_id,
			order_id: asked.order_id,
			status: "succeeded",
			amount: { amount: 1000, currency: "USD" },
			refunded: { amount: 0, currency: "USD" },
			method: { brand: "visa", last4: "4242" },
			next_action: null,
			created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
			refunds: [],
			disputes: []
		});
		for (const one of seen) expect(one).toEqual(seen[0]);
	});

	it("hides it from every other customer", async () => {
		const asked = chargeOf();
		const [outcome] = await charge([asked]);
		for (const by of [{ id: outcome!.payment_id }, { order_id: asked.order_id }])
			await expectFailure(call(shop.broker, payment.actions.get, by, as(bob)), "NOT_FOUND");
	});

	it("requires exactly one of id and order_id", async () => {
		for (const by of [{}, { id: newId(), order_id: newId() }])
			await expectFailure(
				call(shop.broker, payment.actions.get, by, as(alice)),
				"VALIDATION_FAILED"
			);
	});

	it("returns summaries of the payments of some orders", async () => {
		const [one, two] = [chargeOf(), chargeOf("pm_card_chargeDeclined")];
		await charge([one, two]);
		const order_ids = [one.order_id, newId(), two.order_id];
		const { payments } = await call(shop.broker, payment.actions.summaries, { order_ids });
		const byOrder = Object.fromEntries(payments.map(p => [p.order_id, p]));
		expect(payments).toHaveLength(2);
		expect(byOrder[one.order_id]).toEqual({
			id: derivedId(one.order_id, "charge"),
			order_id: one.order_id,
			status: "succeeded",
			disputed: null,
			next_action: null,
			refunded: { amount: 0, currency: "USD" }
		});
		expect(byOrder[two.order_id]).toMatchObject({ status: "failed" });
	});

	it("is ready when its database answers", async () => {
		expect(await call(shop.broker, payment.actions.ready, {})).toEqual({ ok: true });
	});
});

describe("the payment tables", () => {
	it.each([
		["delete from payment.payments", "permission denied"],
		["delete from payment.refunds", "permission denied"],
		["update payment.payments set amount_minor = 1", "permission denied"],
		["update payment.payments set order_id = gen_random_uuid()", "permission denied"]
	])("do not allow the service: %s", async (sql, message) => {
		await charge([chargeOf()]);
		const ran = shop.database.rows(`set role shop_payment; ${sql}`);
		await expect(ran).rejects.toThrow(message);
	});
});
