import { contract, hint, nullable, oneOf, strictObject, T, type Static } from "../lib/schema.ts";
import { everyone, staff } from "./roles.ts";
import {
	Id,
	IdempotencyKey,
	Instant,
	instant,
	Limit,
	Money,
	OptionalKey,
	ready,
	text,
	Url,
	Uuid
} from "./values.ts";

/** `processing`: sent, or about to be; the outcome is unknown. `review`: staff must decide. */
export const PaymentStatus = oneOf(["processing", "succeeded", "failed", "review"]);
export type PaymentStatus = Static<typeof PaymentStatus>;

/** A token of the provider, never a card number. */
export const PaymentMethod = T.String({
	pattern: "^pm_[A-Za-z0-9_]{1,80}$",
	rule: "the id of a payment method, like pm_card_visa"
});

/** At least 1: an amount of 0 would violate the table's check and fail a whole batch of charges. */
const PositiveMoney = strictObject({
	amount: T.Integer({
		minimum: 1,
		maximum: Number.MAX_SAFE_INTEGER,
		description: "Minor units (cents)"
	}),
	currency: Money.properties.currency
});

/** Shares of an amount by product, in minor units. */
export const Share = strictObject({
	product_id: Id,
	amount: T.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })
});
export type Share = Static<typeof Share>;

/** Longest texts that the shop takes from the provider; its longer ones are cut to these. */
export const longestOfProvider = { code: 100, brand: 50, last4: 10 };

const ProviderCode = (description?: string) =>
	T.String({ maxLength: longestOfProvider.code, ...(description && { description }) });

const Refund = strictObject({
	id: Uuid,
	amount: Money,
	lines: T.Array(Share, { description: "Share of each line of the order" }),
	reason: nullable(
		T.String({ description: "Words of staff are for staff only: null to customers" })
	),
	requested_by: T.String({
		description: "A user, or the provider; to customers, another user is `staff`"
	}),
	status: oneOf(["pending", "succeeded", "failed", "review"], {
		description: "`review`: staff must decide; still counted as refunded"
	}),
	origin: oneOf(["order", "staff", "provider"], {
		description:
			"Who requested it: the order's cancellation or return, staff, or somebody at the payment provider"
	}),
	failure_code: nullable(ProviderCode("Why it was not made")),
	created_at: Instant
});

/** Of one payment in a reply. With the longest texts and 100 lines each they have some 700 KB. */
export const mostRefunds = 50;

const Dispute = strictObject({
	ref: T.String({ description: "The provider's reference" }),
	amount: Money,
	reason: ProviderCode(),
	status: oneOf(["open", "won", "lost"], {
		description: "`won`: the shop has the money again; until then, and if `lost`, the bank has it"
	}),
	created_at: Instant
});

/** The customer must approve the payment at this page of their bank. Only they see it. */
export const NextAction = strictObject({
	type: oneOf(["redirect"]),
	url: Url
});

export const Payment = strictObject(
	{
		id: Uuid,
		order_id: Uuid,
		status: PaymentStatus,
		amount: Money,
		refunded: Money,
		method: strictObject({
			brand: nullable(T.String({ maxLength: longestOfProvider.brand })),
			last4: nullable(T.String({ maxLength: longestOfProvider.last4 }))
		}),
		next_action: nullable(NextAction),
		created_at: Instant,
		refunds: T.Array(Refund, { maxItems: mostRefunds, description: "The latest, oldest first" }),
		disputes: T.Array(Dispute, {
			maxItems: mostRefunds,
			description: "The customer's bank took the money back: the latest times, oldest first"
		})
	},
	{ title: "Payment" }
);
export type Payment = Static<typeof Payment>;

const Outcome = strictObject({
	order_id: Uuid,
	payment_id: Uuid,
	status: T.Union([PaymentStatus, T.Literal("absent")], {
		description: "`absent`: there is no payment"
	}),
	failure_code: nullable(ProviderCode("The provider's decline code")),
	awaits_customer: T.Boolean({
		description: "The customer must approve the payment at their bank, and time is left"
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
		description: "Each line's part of the amount, including its part of tax and shipping"
	}),
	payment_method: PaymentMethod
});
export type Charge = Static<typeof Charge>;

/** A charge, refund or review was recorded after the call had returned. */
export const paymentSettled = hint(
	"payment.settled",
	strictObject({ order_ids: T.Array(Uuid, { minItems: 1, maxItems: 64 }) })
);

const Outcomes = strictObject({
	outcomes: T.Array(Outcome, { description: "One per order, in the order of the request" })
});

export const reviewKinds = ["payment", "refund"] as const;

export const Review = strictObject(
	{
		id: Uuid,
		kind: oneOf(reviewKinds),
		payment_id: Uuid,
		order_id: Uuid,
		amount: Money,
		reason: ProviderCode("Why it is in review: a code of the shop or the provider"),
		provider_ref: nullable(T.String()),
		since: Instant
	},
	{ title: "Review" }
);
export type Review = Static<typeof Review>;

/** What staff found out at the provider. */
export const Decision = oneOf(["charged", "not_charged", "refunded_elsewhere"], {
	description:
		"Of a payment: it was charged; it was not; it was charged and refunded. Of a refund: `refunded_elsewhere`, or `charged` for not refunded, so that it may be retried"
});
export type Decision = Static<typeof Decision>;

/** `pending`: the provider has not made it, or has not said so. That may take days, and is no error. */
export const RefundState = oneOf(["refunded", "pending"]);
export type RefundState = Static<typeof RefundState>;

/** A change of a payment that its order does not know. */
export const PaymentNotice = strictObject({
	id: Uuid,
	order_id: Uuid,
	kind: oneOf(["refund_issued", "refund_failed", "dispute_opened", "dispute_closed"], {
		description:
			"`refund_issued`: made by staff or at the provider; `refund_failed`: it was made, and came back"
	}),
	data: T.Union([
		strictObject({ id: Uuid, origin: Refund.properties.origin, amount: Money }),
		strictObject(T.Omit(Dispute, ["created_at"]).properties)
	])
});
export type PaymentNotice = Static<typeof PaymentNotice>;

export const payment = contract("payment", {
	charge: {
		summary: "Charge each order, once even if this is repeated",
		kind: "command",
		access: "internal",
		timeoutMs: 10_000,
		params: strictObject({
			charges: T.Array(Charge, { minItems: 1, maxItems: 64 })
		}),
		returns: Outcomes
	},
	void: {
		summary:
			"Look up the outcomes of charges, and prevent orders without a payment from being charged: inserts a tombstone, a failed payment with code `voided`",
		kind: "command",
		access: "internal",
		timeoutMs: 10_000,
		params: strictObject({ order_ids: T.Array(Uuid, { minItems: 1, maxItems: 64 }) }),
		returns: Outcomes
	},
	refund: {
		summary:
			"Refund a payment, in full or in part; the same key refunds once, with the same response",
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
		summary: "Refund all that is left of a cancelled order's payment",
		kind: "command",
		access: "internal",
		timeoutMs: 10_000,
		params: strictObject({ order_id: Uuid, reason: text(200) }),
		returns: strictObject({ state: RefundState, payment: Payment })
	},
	refundLines: {
		summary:
			"Refund some lines of an order, at most what is left of each; the same purpose refunds once",
		kind: "command",
		access: "internal",
		timeoutMs: 10_000,
		params: strictObject({
			order_id: Uuid,
			purpose: T.String({
				pattern: "^return:[0-9a-f-]{36}$",
				rule: "return: and the id of the return"
			}),
			amount: PositiveMoney,
			lines: T.Array(Share, { minItems: 1, maxItems: 100 }),
			reason: text(200),
			requested_by: Id
		}),
		returns: strictObject({
			state: RefundState,
			refunded: T.Integer({
				minimum: 0,
				description: "In the payment's minor units; 0 while it is pending"
			})
		})
	},
	webhook: {
		summary:
			"Receive a signed webhook of the payment provider; it makes the shop look the charge up",
		kind: "command",
		access: "anyone",
		timeoutMs: 10_000,
		params: strictObject({
			body_base64: T.String({
				maxLength: 90_000,
				description: "The raw body (at most 64 KiB), which the signature covers"
			}),
			// As long as all headers together may be: the reader refuses a wrong one.
			signature: T.Optional(T.String({ maxLength: 16_384 }))
		}),
		returns: strictObject({ received: T.Boolean() }, { title: "Receipt" })
	},
	"review.list": {
		summary: "Payments and refunds in review, the oldest first",
		kind: "query",
		access: staff,
		params: strictObject({ limit: T.Optional(Limit) }),
		returns: strictObject({ data: T.Array(Review) }, { title: "ReviewList" })
	},
	"review.decide": {
		summary: "Resolve a payment or refund in review",
		kind: "command",
		access: staff,
		params: strictObject({
			id: Uuid,
			decision: Decision,
			provider_ref: T.Optional(
				text(255, { description: "The provider's reference of the charge or refund" })
			),
			note: text(500),
			idempotency_key: OptionalKey
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
		summary: "Status and refunded amount of the payments of some orders",
		kind: "query",
		access: "internal",
		timeoutMs: 2000,
		params: strictObject({
			order_ids: T.Array(Uuid, { minItems: 1, maxItems: 100 }),
			at: T.Optional(instant("As of this time")),
			viewer: T.Optional(Id)
		}),
		returns: strictObject({
			payments: T.Array(
				strictObject({
					id: Uuid,
					order_id: Uuid,
					status: PaymentStatus,
					refunded: Money,
					disputed: T.Optional(nullable(Money)),
					next_action: T.Optional(nullable(NextAction))
				})
			)
		})
	},
	"notice.list": {
		summary: "Changes of payments that their orders do not know, the oldest first",
		kind: "query",
		access: "internal",
		timeoutMs: 2000,
		params: strictObject({ limit: Limit }),
		returns: strictObject({ notices: T.Array(PaymentNotice) })
	},
	"notice.acknowledge": {
		summary: "Delete changes that the order service has recorded",
		kind: "command",
		access: "internal",
		timeoutMs: 2000,
		params: strictObject({ ids: T.Array(Uuid, { minItems: 1, maxItems: 100 }) }),
		returns: strictObject({ acknowledged: T.Boolean() })
	},
	ready
});
