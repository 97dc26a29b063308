import type { ServiceBroker } from "moleculer";
import { payment } from "../../../contracts/payment.ts";
import { arm } from "../../../lib/failpoint.ts";
import {
	ProviderUnavailable,
	type ListedRefund,
	type PaymentProvider,
	type RefundOutcome
} from "../../../services/payment/provider/provider.ts";
import { derivedId, newId } from "../../../lib/id.ts";
import { call } from "../../../lib/service.ts";
import paymentService from "../../../services/payment/payment.service.ts";
import {
	webhookMessage,
	webhookSignature,
	webhookSecret
} from "../../support/shop/stripe-webhooks.ts";
import { until } from "../../support/until.ts";
import { expectFailure } from "../../support/expect-failure.ts";
import { admin, alice, as } from "../../support/shop/callers.ts";
import { useShop } from "../../support/shop/use-shop.ts";
import { settledListener } from "../../support/shop/payments.ts";

const hints: string[] = [];

/** Two nodes on one database and one ledger. */
const shop = useShop(
	[paymentService, settledListener(hints)],
	{ STRIPE_WEBHOOK_SECRET: webhookSecret, LOG_LEVEL: "fatal" },
	{ nodes: 2 }
);

function send(body: string, signature?: string, node = shop.broker) {
	const body_base64 = Buffer.from(body).toString("base64");
	return call(node, payment.actions.webhook, { body_base64, ...(signature && { signature }) });
}

const signed = (body: string, node?: ServiceBroker) => send(body, webhookSignature(body), node);

async function charge(payment_method = "pm_card_visa") {
	const order_id = newId();
	const amount = { amount: 1000, currency: "USD" };
	const lines = [{ product_id: "prod-001", amount: 1000 }];
	const charges = [{ order_id, user_id: alice.id, amount, lines, payment_method }];
	const { outcomes } = await call(shop.broker, payment.actions.charge, { charges });
	return { order_id, id: derivedId(order_id, "charge"), status: outcomes[0]!.status };
}

/** A charge that the provider has made and whose response was lost. */
async function unanswered() {
	const made = await charge();
	await shop.database.rows(
		`with e as (delete from payment.events where payment_id = $1 and seq = 2)
		update payment.payments set status = 'processing', provider_ref = null, seq = 1 where id = $1`,
		[made.id]
	);
	return made;
}

async function row(id: string) {
	return (await shop.database.rows("select * from payment.payments where id = $1", [id]))[0]!;
}

const events = (id: string) =>
	shop.database.rows("select type from payment.events where payment_id = $1 order by seq", [id]);
const inbox = (id: string) =>
	shop.database.rows("select * from payment.psp_inbox where payment_id = $1", [id]);

describe("a webhook", () => {
	it("makes the shop look the charge up, and sends a hint to the order service", async () => {
		const { id, order_id } = await unanswered();
		expect(await signed(webhookMessage(id))).toEqual({ received: true });
		expect(await row(id)).toMatchObject({ status: "succeeded", provider_ref: `ch_${id}` });
		await until(() => hints.includes(order_id));
	});

	it.each([
		["none", () => undefined],
		["another secret's", (body: string) => webhookSignature(body, 0, "whsec_other")],
		["an old one (over 15 min)", (body: string) => webhookSignature(body, 901)],
		["one of other bytes", (body: string) => webhookSignature(`${body} `)],
		["a wrong signature", () => "t=1,v1=00"],
		["nonsense", () => "💥"],
		["much nonsense", () => "t=1,v1=00,".repeat(1600)]
	])("is refused with %s for a signature, and changes nothing", async (_, signatureFor) => {
		const { id } = await unanswered();
		const body = webhookMessage(id);
		await expectFailure(send(body, signatureFor(body)), "INVALID_SIGNATURE");
		expect((await row(id)).status).toBe("processing");
		expect(await inbox(id)).toEqual([]);
	});

	it("is accepted when it is less than 15 minutes old", async () => {
		const { id } = await unanswered();
		const body = webhookMessage(id);
		expect(await send(body, webhookSignature(body, 890))).toEqual({ received: true });
	});

	it("is not parsed before its signature is verified", async () => {
		for (const body of ["", "not json", "\0".repeat(1000), "[".repeat(60_000)])
			await expectFailure(send(body, webhookSignature("other")), "INVALID_SIGNATURE");
	});

	const event = (over: object) =>
		JSON.stringify({ ...(JSON.parse(webhookMessage(newId())) as object), id: "evt_odd", ...over });
	const about = (object: unknown) => event({ data: { object } });

	it.each([
		["that is not JSON", "{", "MALFORMED_JSON"],
		["without an id", event({ id: undefined }), "VALIDATION_FAILED"],
		["whose id Postgres cannot store", event({ id: "a\0b" }), "VALIDATION_FAILED"],
		["with an invalid time", event({ created: "soon" }), "VALIDATION_FAILED"],
		["with a time out of range", event({ created: 1e15 }), "VALIDATION_FAILED"],
		["without data", event({ data: undefined }), "VALIDATION_FAILED"],
		["about nothing", about(null), "VALIDATION_FAILED"],
		["about a number", about({ metadata: { payment_id: 5 } }), "VALIDATION_FAILED"],
		["about NUL", about({ metadata: { payment_id: "a\0b" } }), "VALIDATION_FAILED"]
	] as const)("%s is refused though it is signed, and not stored", async (_, body, code) => {
		await expectFailure(signed(body), code);
		expect(
			await shop.database.rows("select 1 from payment.psp_inbox where event_id = 'evt_odd'")
		).toEqual([]);
	});

	it.each(["null", "[]", "5", "{}", '{"type":5}'])("that is %s is ignored", body =>
		expect(signed(body)).resolves.toEqual({ received: true })
	);

	it("with the id of an earlier one is a duplicate, whatever its content", async () => {
		const [first, other] = [await unanswered(), await unanswered()];
		const body = webhookMessage(first.id);
		await signed(body);
		expect(await signed(body.replace(first.id, other.id))).toEqual({ received: true });
		expect((await row(other.id)).status).toBe("processing");
		expect(await inbox(other.id)).toEqual([]);
	});

	it("of an unknown type is accepted and ignored", async () => {
		const { id } = await unanswered();
		expect(await signed(webhookMessage(id, "customer.created"))).toEqual({ received: true });
		expect((await row(id)).status).toBe("processing");
		expect(await inbox(id)).toEqual([]);
	});

	it.each([
		["no payment", undefined],
		["an unknown payment", newId()],
		["an invalid id", "'; drop table payments; --"]
	])("about %s is accepted and stored, without an effect", async (_, paymentId) => {
		const body = webhookMessage(paymentId);
		expect(await signed(body)).toEqual({ received: true });
		const { id } = JSON.parse(body) as { id: string };
		const kept = await shop.database.rows("select * from payment.psp_inbox where event_id = $1", [
			id
		]);
		expect(kept).toHaveLength(1);
	});

	it("that arrives ten times, at two nodes concurrently, has one effect", async () => {
		const { id } = await unanswered();
		const body = webhookMessage(id);
		await Promise.all(Array.from({ length: 10 }, (_, n) => signed(body, shop.nodes[n % 2])));
		expect(await inbox(id)).toHaveLength(1);
		expect(await events(id)).toEqual([{ type: "begun" }, { type: "succeeded" }]);
	});

	it("in ten versions at once still records one outcome", async () => {
		const { id } = await unanswered();
		await Promise.all(
			Array.from({ length: 10 }, (_, n) => signed(webhookMessage(id), shop.nodes[n % 2]))
		);
		expect(await inbox(id)).toHaveLength(10);
		expect(await events(id)).toEqual([{ type: "begun" }, { type: "succeeded" }]);
	});

	it("does not decide the outcome: the lookup at the provider does", async () => {
		const { id } = await unanswered();
		await signed(webhookMessage(id, "payment_intent.payment_failed", { status: "canceled" }));
		expect((await row(id)).status).toBe("succeeded");
	});

	it("does not change a recorded outcome, in any order of arrival", async () => {
		const [paid, declined] = [await charge(), await charge("pm_card_chargeDeclined")];
		for (const type of ["payment_intent.payment_failed", "payment_intent.succeeded"])
			for (const { id } of [paid, declined]) await signed(webhookMessage(id, type));
		expect((await row(paid.id)).status).toBe("succeeded");
		expect((await row(declined.id)).status).toBe("failed");
		for (const { id } of [paid, declined]) expect(await events(id)).toHaveLength(2);
	});

	it("about a charge with a different amount puts it in review", async () => {
		const { id } = await unanswered();
		await shop.database.rows("update payment.payments set amount_minor = 900 where id = $1", [id]);
		expect(await signed(webhookMessage(id))).toEqual({ received: true });
		expect(await row(id)).toMatchObject({ status: "review", review_reason: "amount_mismatch" });
	});

	it("about a pending refund settles it", async () => {
		const { id } = await charge("pm_sim_dropRefundConnection");
		const params = { id, reason: "broken", idempotency_key: newId() };
		const before = await call(shop.broker, payment.actions.refund, params, as(admin));
		expect(before.payment.refunds).toMatchObject([{ status: "pending" }]);
		await signed(webhookMessage(id, "refund.updated"));
		const types = (await events(id)).map(({ type }) => type as string);
		expect(types).toEqual(["begun", "succeeded", "refund_begun", "refund_succeeded"]);
	});
});

describe("a webhook whose lookup fails is not recorded, and has its effect when it is sent again", () => {
	const provider = () =>
		(shop.broker.getLocalService("payment") as unknown as { provider: PaymentProvider }).provider;
	const statusOf = async (id: string) =>
		(await shop.database.rows("select status from payment.refunds where payment_id = $1", [id]))[0];

	/** A refund that the bank returns later. */
	async function refunded(): Promise<string> {
		const { id } = await charge();
		const params = { id, reason: "broken", idempotency_key: newId() };
		await call(shop.broker, payment.actions.refund, params, as(admin));
		expect(await statusOf(id)).toEqual({ status: "succeeded" });
		return id;
	}
	const outcome: RefundOutcome = { status: "failed", code: "lost_or_stolen_card" };
	const allReturned = (refunds: ListedRefund[]) => refunds.map(one => ({ ...one, outcome }));

	afterEach(() => jest.restoreAllMocks());

	it("because the provider is away", async () => {
		const id = await refunded();
		const body = webhookMessage(id, "refund.failed");
		const list = provider().refundsOf.bind(provider());
		const listed = jest.spyOn(provider(), "refundsOf");
		listed.mockRejectedValue(new ProviderUnavailable("no answer"));
		await expectFailure(signed(body), "UNAVAILABLE");
		expect(await inbox(id)).toEqual([]);
		listed.mockImplementation(async ref => allReturned(await list(ref)));
		expect(await signed(body)).toEqual({ received: true });
		expect(await statusOf(id)).toEqual({ status: "review" });
		expect(await inbox(id)).toHaveLength(1);
	});

	it("because the database is away for a moment", async () => {
		const id = await refunded();
		const body = webhookMessage(id, "refund.failed");
		const list = provider().refundsOf.bind(provider());
		jest
			.spyOn(provider(), "refundsOf")
			.mockImplementation(async ref => allReturned(await list(ref)));
		const settle = "payment.settle_refund.before_commit";
		arm({ point: settle, mode: "throw" });
		await expect(signed(body)).rejects.toThrow();
		expect([await statusOf(id), await inbox(id)]).toEqual([{ status: "succeeded" }, []]);
		expect(await signed(body)).toEqual({ received: true });
		expect(await statusOf(id)).toEqual({ status: "review" });
	});
});
