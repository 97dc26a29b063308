import { contract, hint, nullable, oneOf, strictObject, T, type Static } from "../lib/schema.ts";
import { everyone, staff } from "./roles.ts";
import { Id, IdempotencyKey, Instant, Limit, Money, ready, text, Uuid } from "./values.ts";

/** `processing`: sent, or about to be; the outcome is not known. `review`: a human must look. */
export const PaymentStatus = oneOf(["processing", "succeeded", "failed", "review"]);
export type PaymentStatus = Static<typeof PaymentStatus>;

/** A token of the provider, never a card number. */
export const PaymentMethod = T.String({ pattern: "^pm_[A-Za-z0-9_]{1,80}$" });

/** An amount of nothing would stop a whole batch of charges at the table's check. */
const PositiveMoney = strictObject({
	amount: T.Integer({
		minimum: 1,
		maximum: Number.MAX_SAFE_INTEGER,
		description: "Minor units (cents)"
	}),
	currency: Money.properties.currency
});

/** What an amount, in its payment's minor units, is for. */
export const Share = strictObject({
	product_id: Id,
	amount: T.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })
});
export type Share = Static<typeof Share>;

export const Refund = strictObject({
	id: Uuid,
	amount: Money,
	lines: T.Array(Share, { description: "What each line of the order gets of it" }),
	reason: T.String(),
	requested_by: T.String(),
	status: oneOf(["pending", "succeeded", "failed", "review"], {
		description: "`review`: a human must look; still counted as refunded"
	}),
	created_at: Instant
});

export const Payment = strictObject(
	{
		id: Uuid,
		order_id: Uuid,
		status: PaymentStatus,
		amount: Money,
		refunded: Money,
		method: strictObject({ brand: nullable(T.String()), last4: nullable(T.String()) }),
		next_action: nullable(
			strictObject({ type: oneOf(["redirect"]), url: T.String({ format: "uri" }) })
		),
		created_at: Instant,
		refunds: T.Array(Refund)
	},
	{ title: "Payment" }
);
export type Payment = Static<typeof Payment>;

const Outcome = strictObject({
	order_id: Uuid,
	payment_id: Uuid,
	status: T.Union([PaymentStatus, T.Literal("absent")], {
		description: "`absent`: no payment was ever begun"
	}),
	failure_code: nullable(T.String({ description: "The provider's decline code" })),
	awaits_customer: T.Boolean({
		description: "The bank asks the customer to confirm the payment, and time is left"
	})
});
export type ChargeOutcome = Static<typeof Outcome>;

const Charge = strictObject({
	order_id: Uuid,
	user_id: Id,
	amount: PositiveMoney,
	lines: T.Array(Share, {
		minItems: 1,
		maxItems: 100,
		description: "Each line's part of the amount, with its part of tax and shipping"
	}),
	payment_method: PaymentMethod
});
export type Charge = Static<typeof Charge>;

/** A charge, refund or review was recorded after its caller had been answered. */
export const paymentSettled = hint(
	"payment.settled",
	strictObject({ order_ids: T.Array(Uuid, { minItems: 1, maxItems: 64 }) })
);

const Outcomes = strictObject({
	outcomes: T.Array(Outcome, { description: "One per order, in the order asked" })
});

export const Review = strictObject(
	{
		id: Uuid,
		kind: oneOf(["payment", "refund"]),
		payment_id: Uuid,
		order_id: Uuid,
		amount: Money,
		reason: T.String({ description: "Why a human must look" }),
		provider_ref: nullable(T.String()),
		since: Instant
	},
	{ title: "Review" }
);
export type Review = Static<typeof Review>;

/** What a human found out at the provider. */
export const Decision = oneOf(["charged", "not_charged", "refunded_elsewhere"], {
	description:
		"Of a payment: it was charged; it was not; it was charged and refunded. Of a refund: `refunded_elsewhere`, or `charged` for not refunded, so that it may be retried"
});
export type Decision = Static<typeof Decision>;

export const payment = contract("payment", {
	charge: {
		summary: "Charge each order once, however often this is called",
		kind: "command",
		access: "internal",
		timeoutMs: 10_000,
		params: strictObject({
			charges: T.Array(Charge, { minItems: 1, maxItems: 64 })
		}),
		returns: Outcomes
	},
	resolve: {
		summary: "Find out how charges ended; never begins one",
		kind: "command",
		access: "internal",
		timeoutMs: 10_000,
		params: strictObject({ order_ids: T.Array(Uuid, { minItems: 1, maxItems: 64 }) }),
		returns: Outcomes
	},
	void: {
		summary:
			"Resolve, and bar orders without a payment from ever being charged: a tombstone row, failed with code `voided`, that a late charge finds",
		kind: "command",
		access: "internal",
		timeoutMs: 10_000,
		params: strictObject({ order_ids: T.Array(Uuid, { minItems: 1, maxItems: 64 }) }),
		returns: Outcomes
	},
	refund: {
		summary:
			"Pay back a payment, whole or in part; the same key refunds once, and is answered the same",
		kind: "command",
		access: staff,
		timeoutMs: 10_000,
		params: strictObject({
			id: Uuid,
			amount: T.Optional(PositiveMoney),
			reason: text(200),
			idempotency_key: IdempotencyKey
		}),
		returns: strictObject({ payment: Payment, replayed: T.Boolean() })
	},
	refundRemaining: {
		summary: "Pay back all that is left of a cancelled order's payment",
		kind: "command",
		access: "internal",
		timeoutMs: 10_000,
		params: strictObject({ order_id: Uuid, reason: text(200) }),
		returns: Payment
	},
	refundLines: {
		summary:
			"Pay back some lines of an order, at most what is left of each; the same purpose pays back once",
		kind: "command",
		access: "internal",
		timeoutMs: 10_000,
		params: strictObject({
			order_id: Uuid,
			purpose: T.String({ pattern: "^return:[0-9a-f-]{36}$" }),
			amount: PositiveMoney,
			lines: T.Array(Share, { minItems: 1, maxItems: 100 }),
			reason: text(200),
			requested_by: Id
		}),
		returns: strictObject({
			refunded: T.Integer({ minimum: 0, description: "In the payment's minor units" })
		})
	},
	webhook: {
		summary: "Take a signed message of the payment provider; it only makes the shop look",
		kind: "command",
		access: "anyone",
		timeoutMs: 10_000,
		params: strictObject({
			body_base64: T.String({
				maxLength: 90_000,
				description: "As it was sent (at most 64 KiB): the signature is over its bytes"
			}),
			// As long as all headers together may be: a wrong one is for its reader to refuse.
			signature: T.Optional(T.String({ maxLength: 16_384 }))
		}),
		returns: strictObject({ received: T.Boolean() }, { title: "Receipt" })
	},
	"review.list": {
		summary: "Payments and refunds that await a human, the oldest first",
		kind: "query",
		access: staff,
		params: strictObject({ limit: T.Optional(Limit) }),
		returns: strictObject({ data: T.Array(Review) }, { title: "ReviewList" })
	},
	"review.decide": {
		summary: "Record what a human found out about a payment or refund in review",
		kind: "command",
		access: staff,
		params: strictObject({
			id: Uuid,
			decision: Decision,
			provider_ref: T.Optional(
				text(255, { description: "The provider's name for the charge or refund" })
			),
			note: text(500)
		}),
		returns: Payment
	},
	get: {
		summary: "One payment, by its id or by its order",
		kind: "query",
		access: everyone,
		params: strictObject({ id: T.Optional(Uuid), order_id: T.Optional(Uuid) }),
		returns: Payment
	},
	summaries: {
		summary: "State and refunded amount of the payments of some orders",
		kind: "query",
		access: "internal",
		timeoutMs: 2000,
		params: strictObject({
			order_ids: T.Array(Uuid, { minItems: 1, maxItems: 100 }),
			at: T.Optional(T.String({ format: "date-time", description: "As things stood then" }))
		}),
		returns: strictObject({
			payments: T.Array(
				strictObject({
					id: Uuid,
					order_id: Uuid,
					status: PaymentStatus,
					refunded: Money
				})
			)
		})
	},
	ready
});
