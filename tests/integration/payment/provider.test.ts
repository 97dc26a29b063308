import { newId } from "../../../lib/id.ts";
import { sign } from "../../../psp/stripe-api/webhook-delivery.ts";
import {
	BadSignature,
	IdempotencyConflict,
	ProviderUnavailable,
	type ChargeRequest,
	type Outcome,
	type PaymentProvider,
	type RefundRequest,
	type StatementLine
} from "../../../services/payment/provider/provider.ts";
import { providerStands, type ProviderStand } from "../../support/shop/provider-stands.ts";
import { pspKeys } from "../../support/servers/psp.ts";

/** What every provider driver must do, tested for each driver. */

const usd = (amount: number) => ({ amount, currency: "USD" });

function chargeOf(payment_method = "pm_card_visa", over: Partial<ChargeRequest> = {}) {
	return { key: newId(), order_id: newId(), amount: usd(1000), payment_method, ...over };
}

describe.each(providerStands)("%s", (_name, open) => {
	let stand: ProviderStand;
	let provider: PaymentProvider;

	beforeAll(async () => {
		stand = await open();
		({ provider } = stand);
	}, 40_000);
	afterAll(() => stand.close());

	async function charged(payment_method?: string): Promise<{ key: string; ref: string }> {
		const request = chargeOf(payment_method);
		const outcome = await provider.charge(request).catch(() => provider.retrieve(request.key));
		if (outcome?.status !== "succeeded") throw new Error(`not charged: ${outcome?.status}`);
		return { key: request.key, ref: outcome.ref };
	}

	/** Charges in the provider's ledger for an order. */
	async function taken(order_id: string) {
		return (await stand.ledger()).charges.filter(charge => charge.order_id === order_id);
	}

	function refundOf(charge_ref: string, amount: number, over: Partial<RefundRequest> = {}) {
		const ids = { key: newId(), payment_id: newId(), charge_ref };
		return { ...ids, amount: usd(amount), reason: "broken", ...over };
	}

	async function paidBack(charge_ref: string): Promise<number[]> {
		const { refunds } = await stand.ledger();
		return refunds.filter(refund => refund.charge_ref === charge_ref).map(({ amount }) => amount);
	}

	describe("charging", () => {
		it.each([
			["pm_card_visa", "visa", "4242"],
			["pm_card_mastercard", "mastercard", "4444"]
		])("charges %s and returns the card", async (payment_method, brand, last4) => {
			const request = chargeOf(payment_method);
			const outcome = await provider.charge(request);
			const ref = expect.any(String);
			const method = { brand, last4 };
			expect(outcome).toEqual({ status: "succeeded", ref, method, amount: usd(1000) });
			expect(await provider.retrieve(request.key)).toEqual(outcome);
			expect(await taken(request.order_id)).toMatchObject([
				{ payment_id: request.key, amount: 1000, currency: "USD", status: "succeeded" }
			]);
		});

		it.each([
			["pm_card_chargeDeclined", "card_declined", "0002"],
			["pm_card_visa_chargeDeclinedInsufficientFunds", "insufficient_funds", "9995"],
			["pm_card_visa_chargeDeclinedLostCard", "lost_card", "9987"],
			["pm_card_chargeDeclinedExpiredCard", "expired_card", "0069"],
			["pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", "0127"],
			["pm_card_chargeDeclinedProcessingError", "processing_error", "0119"]
		])("returns the bank's decline of %s, always", async (method, code, last4) => {
			const request = chargeOf(method);
			const failed = { status: "failed", code, method: { brand: "visa", last4 } };
			expect(await provider.charge(request)).toMatchObject(failed);
			expect(await provider.charge(request)).toMatchObject(failed);
			expect(await provider.retrieve(request.key)).toMatchObject(failed);
			expect(await taken(request.order_id)).toMatchObject([{ status: "failed" }]);
		});

		it("fails for an unknown card", async () => {
			const outcome = await provider.charge(chargeOf("pm_card_nobody_knows"));
			expect(outcome).toMatchObject({ status: "failed", code: "payment_method_unknown" });
		});

		it("charges once for one key, and returns the same", async () => {
			const request = chargeOf();
			const first = await provider.charge(request);
			expect(await provider.charge(request)).toEqual(first);
			expect(await taken(request.order_id)).toHaveLength(1);
		});

		it("refuses a key that is reused for another request", async () => {
			const request = chargeOf();
			await provider.charge(request);
			for (const other of [
				{ amount: usd(999) },
				{ amount: { amount: 1000, currency: "EUR" } },
				{ payment_method: "pm_card_mastercard" },
				{ order_id: newId() }
			])
				await expect(provider.charge({ ...request, ...other })).rejects.toBeInstanceOf(
					IdempotencyConflict
				);
			expect(await taken(request.order_id)).toMatchObject([{ amount: 1000, currency: "USD" }]);
		});

		it("charges once when one key is sent ten times concurrently", async () => {
			const request = chargeOf("pm_sim_hang1s");
			const answers = await Promise.allSettled(
				Array.from({ length: 10 }, () => provider.charge(request))
			);
			const refs = answers.flatMap(one =>
				one.status === "fulfilled" ? [(one.value as { ref: string }).ref] : []
			);
			expect(new Set(refs).size).toBe(1);
			for (const one of answers)
				if (one.status === "rejected") expect(one.reason).toBeInstanceOf(ProviderUnavailable);
			expect(await taken(request.order_id)).toHaveLength(1);
		});

		it.each(["pm_sim_dropConnection", "pm_sim_errorAfterCommit"])(
			"makes the charge of %s though its response is lost, and finds it",
			async payment_method => {
				const request = chargeOf(payment_method);
				await expect(provider.charge(request)).rejects.toBeInstanceOf(ProviderUnavailable);
				const found = await provider.retrieve(request.key);
				expect(found).toMatchObject({ status: "succeeded" });
				const { ref } = found as { ref: string };
				expect(await provider.retrieve(request.key, ref)).toEqual(found);
				await provider.charge(request).catch(() => undefined);
				expect(await taken(request.order_id)).toHaveLength(1);
			}
		);

		it("is rate-limited without a charge when there are too many, and accepted later", async () => {
			const request = chargeOf("pm_sim_rateLimitFirst");
			const turnedAway = expect(provider.charge(request)).rejects;
			await turnedAway.toMatchObject({ name: "TurnedAway", retryAfterMs: 1000 });
			expect(await taken(request.order_id)).toEqual([]);
			expect(await provider.charge(request)).toMatchObject({ status: "succeeded" });
		});

		it("returns absent for a key that was never sent", async () =>
			expect(await provider.retrieve(newId())).toBeUndefined());
	});

	describe("a charge that waits for its customer", () => {
		async function asked(payment_method = "pm_card_threeDSecureRequired", order_id = newId()) {
			const request = chargeOf(payment_method, { order_id });
			const outcome = await provider.charge(request);
			if (outcome.status !== "action_required") throw new Error(outcome.status);
			return { request, ref: outcome.ref, url: outcome.url };
		}

		/** Presses a button of the page, as a customer's browser does. */
		async function press(url: string, answer: "approve" | "refuse"): Promise<Response> {
			const html = await (await fetch(url)).text();
			const secret = /name="secret" value="([^"]+)"/.exec(html)![1]!;
			const body = new URLSearchParams({ secret, answer });
			return fetch(url, { method: "POST", body, redirect: "manual" });
		}

		it.each([
			["approve", "pm_card_threeDSecureRequired", "succeeded", undefined],
			["approve", "pm_card_authenticationRequired", "succeeded", undefined],
			["refuse", "pm_card_threeDSecureRequired", "failed", "payment_intent_authentication_failure"],
			["approve", "pm_card_threeDSecureRequiredChargeDeclined", "failed", "card_declined"]
		] as const)("ends as they %s with %s: %s %s", async (answer, method, status, code) => {
			const { request, ref, url } = await asked(method);
			expect(await provider.retrieve(request.key)).toMatchObject({
				status: "action_required",
				ref
			});
			expect((await provider.charge(request)).status).toBe("action_required");
			expect((await press(url, answer)).status).toBe(303);
			const after = (await provider.retrieve(request.key, ref)) as Outcome & { code?: string };
			expect([after.status, after.code]).toEqual([status, code]);
			expect(await taken(request.order_id)).toMatchObject([{ status }]);
		});

		it("leads back to the shop with the outcome", async () => {
			const { ref, url } = await asked();
			const back = new URL((await press(url, "approve")).headers.get("location")!);
			expect(`${back.origin}${back.pathname}`).toBe("http://127.0.0.1:9/back");
			expect(Object.fromEntries(back.searchParams)).toEqual({
				from: "bank",
				payment_intent: ref,
				redirect_status: "succeeded"
			});
		});

		it("can be voided, and the customer cannot approve it then", async () => {
			const { request, ref, url } = await asked();
			const secret = new URL(url).searchParams.get("secret")!;
			const given = { status: "failed", code: "canceled" };
			expect(await provider.abandon(request.key, ref)).toMatchObject(given);
			const body = new URLSearchParams({ secret, answer: "approve" });
			await fetch(url, { method: "POST", body, redirect: "manual" });
			expect(await provider.retrieve(request.key, ref)).toMatchObject(given);
			expect(await provider.abandon(request.key, ref)).toMatchObject(given);
			expect(await taken(request.order_id)).toMatchObject([{ status: "failed" }]);
		});

		it("cannot be voided once it has succeeded", async () => {
			const { request, ref, url } = await asked();
			await press(url, "approve");
			expect(await provider.abandon(request.key, ref)).toMatchObject({ status: "succeeded", ref });
		});

		it("has a page that escapes its content, and runs no scripts", async () => {
			const { url } = await asked(undefined, `<script>alert("1")</script>&'`);
			const response = await fetch(url);
			const html = await response.text();
			expect(html).toContain("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;");
			expect(html).not.toContain("<script");
			expect(html).toContain("10.00 USD");
			expect(response.headers.get("content-security-policy")).toContain("default-src 'none'");
			expect(response.headers.get("content-security-policy")).toContain("http://127.0.0.1:9");
		});

		it("shows its page only with its secret", async () => {
			const { request, url } = await asked();
			const bare = url.replace(/\?.*/, "");
			expect((await fetch(bare)).status).toBe(404);
			const body = new URLSearchParams({ secret: "x".repeat(24), answer: "approve" });
			expect((await fetch(bare, { method: "POST", body })).status).toBe(404);
			expect((await provider.retrieve(request.key))!.status).toBe("action_required");
		});
	});

	describe("paying back", () => {
		it("refunds parts, each key once, and never more than was charged", async () => {
			const { ref } = await charged();
			const request = refundOf(ref, 600);
			const first = await provider.refund(request);
			expect(first).toMatchObject({ status: "succeeded" });
			expect(await provider.refund(request)).toEqual(first);
			expect(await provider.refund(refundOf(ref, 401))).toEqual({
				status: "failed",
				code: "refund_exceeds_charge"
			});
			expect(await provider.refund(refundOf(ref, 400))).toMatchObject({ status: "succeeded" });
			expect(await paidBack(ref)).toEqual([600, 400]);
		});

		it("refuses a key that is reused for another refund", async () => {
			const { ref } = await charged();
			const request = refundOf(ref, 600);
			await provider.refund(request);
			for (const other of [{ amount: usd(1) }, { reason: "late" }])
				await expect(provider.refund({ ...request, ...other })).rejects.toBeInstanceOf(
					IdempotencyConflict
				);
			expect(await paidBack(ref)).toEqual([600]);
		});

		it("never refunds more than was charged under concurrent calls", async () => {
			const { ref } = await charged();
			const all = Array.from({ length: 20 }, () => provider.refund(refundOf(ref, 300)));
			const outcomes = await Promise.all(all);
			expect(outcomes.filter(({ status }) => status === "succeeded")).toHaveLength(3);
			expect(await paidBack(ref)).toEqual([300, 300, 300]);
		});

		it("refuses what was never charged", async () => {
			const failed = { status: "failed", code: "charge_not_found" };
			expect(await provider.refund(refundOf("pi_nothing", 1))).toEqual(failed);
			const request = chargeOf("pm_card_chargeDeclined");
			const { ref } = (await provider.charge(request)) as { ref: string };
			expect(await provider.refund(refundOf(ref, 1))).toEqual(failed);
		});

		it.each(["pm_sim_dropRefundConnection", "pm_sim_errorAfterRefund"])(
			"makes the refund of %s though its response is lost, and finds it",
			async payment_method => {
				const { ref } = await charged(payment_method);
				const request = refundOf(ref, 600);
				await expect(provider.refund(request)).rejects.toBeInstanceOf(ProviderUnavailable);
				const { key, amount } = request;
				const found = { key, amount, outcome: { status: "succeeded" } };
				expect(await provider.refundsOf(ref)).toMatchObject([found]);
				await provider.refund(request).catch(() => undefined);
				expect(await paidBack(ref)).toEqual([600]);
			}
		);

		it("lists none where none was sent", async () => {
			expect(await provider.refundsOf((await charged()).ref)).toEqual([]);
		});
	});

	describe("its messages", () => {
		const { webhookSecret } = pspKeys;
		const message = (type: string, object: unknown) =>
			JSON.stringify({ id: "evt_1", type, created: 1_800_000_000, data: { object } });
		const succeeded = message("payment_intent.succeeded", { metadata: { payment_id: "p1" } });
		const readEvent = (body: string, signature?: string) =>
			provider.event(Buffer.from(body), signature);

		it("are read when they are signed", () => {
			expect(readEvent(succeeded, sign(succeeded, webhookSecret))).toEqual({
				id: "evt_1",
				type: "payment_intent.succeeded",
				created_at: new Date(1_800_000_000_000),
				payment_id: "p1",
				charge_ref: null
			});
		});

		it("name no payment when it is not the shop's", () => {
			const other = message("payment_intent.succeeded", { metadata: {} });
			expect(readEvent(other, sign(other, webhookSecret))!.payment_id).toBeNull();
		});

		it("are ignored when their type is unknown", () => {
			const other = message("customer.created", {});
			expect(readEvent(other, sign(other, webhookSecret))).toBeUndefined();
		});

		it.each([
			["unsigned", succeeded, undefined],
			["signed with another secret", succeeded, sign(succeeded, "whsec_other")],
			["sixteen minutes old", succeeded, sign(succeeded, webhookSecret, Date.now() - 960_000)],
			["changed by one byte", succeeded.replace("p1", "p2"), sign(succeeded, webhookSecret)],
			["signed with nonsense", succeeded, "t=1,v1=zz"],
			["with an empty signature", succeeded, ""]
		])("are refused when they are %s", (_what, body, signature) => {
			expect(() => readEvent(body, signature)).toThrow(BadSignature);
		});

		it("are accepted when they are fourteen minutes old", () => {
			const signature = sign(succeeded, webhookSecret, Date.now() - 840_000);
			expect(readEvent(succeeded, signature)).toBeDefined();
		});
	});

	it("lists every charge with its refunded amount, over many pages", async () => {
		const since = new Date(Math.floor(Date.now() / 1000) * 1000);
		const requests = Array.from({ length: 230 }, () => chargeOf());
		const made = await Promise.all(requests.map(request => provider.charge(request)));
		const { ref } = made[7] as { ref: string };
		await provider.refund(refundOf(ref, 250));
		const lines = new Map<string | null, StatementLine>();
		for await (const line of provider.statement(since)) {
			expect(lines.has(line.payment_id)).toBe(false);
			lines.set(line.payment_id, line);
		}
		for (const { key, order_id } of requests)
			expect(lines.get(key)).toMatchObject({ order_id, status: "succeeded", amount: usd(1000) });
		expect(lines.get(requests[7]!.key)!.refunded).toEqual(usd(250));
		expect(lines.get(requests[8]!.key)!.refunded).toEqual(usd(0));
		const later = provider.statement(new Date(Date.now() + 3_600_000));
		for await (const line of later) throw new Error(`too early: ${line.ref}`);
	});
});
