import { newId } from "../../../lib/id.ts";
import { StripeProvider } from "../../../services/payment/provider/stripe/stripe.ts";
import { describeWith } from "../../support/describe-with.ts";
import { pspKeys } from "../../support/servers/psp.ts";
import {
	buildWithinMs,
	startStripeMock,
	type StripeMock
} from "../../support/servers/stripe-mock.ts";
import { until } from "../../support/until.ts";

/**
 * The driver's requests, checked against Stripe's own description of its API. Stripe's mock keeps no
 * state and returns examples, so only the validity of requests is tested, not the responses.
 */

let mock: StripeMock;
let provider: StripeProvider;
let seen = 0;

beforeAll(async () => {
	mock = await startStripeMock();
	provider = new StripeProvider({
		...pspKeys,
		apiUrl: mock.url,
		returnUrl: "https://shop.test/back"
	});
}, buildWithinMs + 30_000);

beforeEach(() => (seen = mock.requests().length));
afterAll(() => mock?.stop());

/** The requests of this test with their responses. */
const asked = (count: number) =>
	until(() => {
		const made = mock.requests().slice(seen);
		return made.length >= count && made;
	});

const status = expect.stringMatching(/^(succeeded|failed|action_required|processing)$/);
const ref = expect.stringMatching(/^pi_/);
/** The mock's example is a declined charge, which the driver cancels when it finds it. */
const givenUp = expect.stringMatching(/^POST \/v1\/payment_intents\/pi_\w+\/cancel 200$/);
const request = {
	key: newId(),
	order_id: newId(),
	amount: { amount: 1099, currency: "USD" },
	payment_method: "pm_card_visa"
};

describeWith("go")("Stripe's own mock", () => {
	it("accepts a charge", async () => {
		expect(await provider.charge(request)).toMatchObject({ status, ref });
		expect(await asked(1)).toEqual(["POST /v1/payment_intents 200"]);
	});

	it("accepts a search by the payment's id", async () => {
		expect(await provider.retrieve(request.key)).toMatchObject({ status, ref });
		expect(await asked(2)).toEqual(["GET /v1/payment_intents/search 200", givenUp]);
	});

	it("accepts a lookup by Stripe's id", async () => {
		expect(await provider.retrieve(request.key, "pi_123")).toMatchObject({ status, ref });
		expect(await asked(2)).toEqual(["GET /v1/payment_intents/pi_123 200", givenUp]);
	});

	it("accepts the cancellation of a charge", async () => {
		expect(await provider.abandon(request.key, "pi_123")).toMatchObject({ status, ref });
		expect(await asked(1)).toEqual(["POST /v1/payment_intents/pi_123/cancel 200"]);
	});

	it("accepts a refund, and the search for one", async () => {
		const { key, amount } = request;
		const ids = { key, payment_id: newId(), charge_ref: "pi_123" };
		const refund = { ...ids, amount, reason: "arrived broken" };
		const made = { status: "succeeded", ref: expect.stringMatching(/^re_/) };
		expect(await provider.refund(refund)).toEqual(made);
		expect(await provider.refundsOf("pi_123")).toEqual([
			{
				key: null,
				ref: expect.stringMatching(/^re_/),
				amount: { amount: 100, currency: "USD" },
				outcome: { status: "succeeded", ref: expect.stringMatching(/^re_/) }
			}
		]);
		expect(await asked(2)).toEqual(["POST /v1/refunds 200", "GET /v1/refunds 200"]);
	});

	it("accepts the search for disputes", async () => {
		expect(await provider.disputesOf("pi_123")).toEqual([
			{
				ref: expect.stringMatching(/^dp_/),
				amount: { amount: expect.any(Number), currency: "USD" },
				reason: expect.any(String),
				status: "open"
			}
		]);
		expect(await asked(1)).toEqual(["GET /v1/disputes 200"]);
	});

	it("accepts the request for a statement", async () => {
		const lines = [];
		for await (const line of provider.statement(new Date(0))) lines.push(line);
		expect(lines[0]).toMatchObject({ status, ref, payment_id: null, amount: { currency: "USD" } });
		expect(await asked(1)).toEqual(["GET /v1/payment_intents 200"]);
	});

	it("refuses unknown parameters", async () => {
		const body = new URLSearchParams({ amount: "1099", currency: "usd", colour: "red" });
		const headers = { Authorization: `Bearer ${pspKeys.secretKey}` };
		const answer = await fetch(`${mock.url}/v1/payment_intents`, { method: "POST", headers, body });
		expect(answer.status).toBe(400);
	});
});
