import { newId } from "../../../lib/id.ts";
import { again, invalid, over, reused, type Row } from "../../support/shop/bad-input.ts";
import { webhookMessage, webhookSignature } from "../../support/shop/stripe-webhooks.ts";

/** Invalid refunds and webhooks. */

const refund = (payment: string) => `POST /api/v1/payments/{${payment}}/refund`;
const usd = (amount: unknown, currency: unknown = "USD") => ({ amount: { amount, currency } });
const amount = "/amount/amount";
const currency = "/amount/currency";

const refunds: Row[] = [
	...over(refund("order_payment"), "support", { reason: "scratched" }, [
		["of nothing", usd(0), invalid, amount],
		["of a negative amount", usd(-1), invalid, amount],
		["of half a cent", usd(1.5), invalid, amount],
		["of text", usd("1"), invalid, amount],
		["of 2^53", usd(2 ** 53), invalid, amount],
		["of more than was charged", usd(1251), "422 refund-exceeds-payment"],
		["of more than a payment can be", usd(2 ** 53 - 1), "422 refund-exceeds-payment"],
		["in another currency", usd(1, "EUR"), invalid, currency],
		["in an unknown currency", usd(1, "XXX"), invalid, currency],
		["in a currency in lower case", usd(1, "usd"), invalid, currency],
		["without a currency", { amount: { amount: 1 } }, invalid, currency],
		["of a bare number", { amount: 1 }, invalid, "/amount"],
		["of null", { amount: null }, invalid, "/amount"],
		["with a currency beside the amount", { ...usd(1), currency: "USD" }, invalid, "/currency"],
		["without a reason", { reason: undefined }, invalid, "/reason"],
		["for a blank reason", { reason: " " }, invalid, "/reason"],
		["for a reason of 201 characters", { reason: "a".repeat(201) }, invalid, "/reason"],
		["for NUL", { reason: "a\0b" }, invalid, "/reason"]
	]),
	...over(refund("partly_payment"), "support", usd(1001), [
		["of more than is left", { reason: "x" }, "422 refund-exceeds-payment"]
	]),
	...["declined", "processing", "review", "refunded"].flatMap(payment =>
		over(refund(`${payment}_payment`), "admin", { reason: "x" }, [
			[`of a payment that is ${payment}`, {}, "409 payment-not-refundable"]
		])
	),
	...again(
		over(refund("partly_payment"), "support", { ...usd(250), reason: "scratched" }, [
			["with the key of another amount", usd(251), reused],
			["with the key of another reason", { reason: "lost" }, reused]
		])
	),
	...over(`POST /api/v1/payments/${newId()}/refund`, "admin", { reason: "x" }, [
		["of a payment that does not exist", {}, "404 not-found"]
	]),
	...over(refund("order_payment"), "alice", { reason: "x" }, [
		["of their own payment, by a customer", {}, "403 forbidden"]
	]),
	...over(refund("order_payment"), "bob", { reason: "x" }, [
		["of another's payment, by a customer", {}, "403 forbidden"]
	])
];

const reads: Row[] = ["payments/{order_payment}", "orders/{order}/payment"].map(path => ({
	what: "another's payment",
	to: `GET /api/v1/${path}`,
	by: "bob",
	send: {},
	answer: "404 not-found"
}));

const about = webhookMessage(newId());
const big = webhookMessage(newId(), "payment_intent.succeeded", { note: "a".repeat(66_000) });

/** Webhooks that the reader of the message refuses are in tests/integration/payment/webhook.test.ts. */
const messages = (
	[
		["not signed", about, undefined, "401 invalid-signature"],
		["with an empty signature", about, "", "401 invalid-signature"],
		[
			"signed with another secret",
			about,
			webhookSignature(about, 0, "whsec_x"),
			"401 invalid-signature"
		],
		["signed over 15 minutes ago", about, webhookSignature(about, 901), "401 invalid-signature"],
		["changed by one byte", `${about} `, webhookSignature(about), "401 invalid-signature"],
		["signed with 10,000 characters", about, "v1=0,".repeat(2000), "401 invalid-signature"],
		["empty and not signed", "", undefined, "401 invalid-signature"],
		["no JSON and not signed", "{", undefined, "401 invalid-signature"],
		["no JSON, though signed", "{", webhookSignature("{"), "400 malformed-json"],
		["beyond 64 KiB, though signed", big, webhookSignature(big), "413 payload-too-large"],
		[
			"no event, though signed",
			'{"type":"refund."}',
			webhookSignature('{"type":"refund."}'),
			invalid
		]
	] as [string, string, string | undefined, string][]
).map(([what, raw, signature, answer]): Row => {
	const headers: Record<string, string> =
		signature === undefined ? {} : { "stripe-signature": signature };
	const to = "POST /api/v1/payments/webhook";
	return { what, to, by: "anonymous", send: { raw, headers, key: null }, answer };
});

export const paymentRows = { refunds, reads, messages };
