import type { PendingCharge } from "./context.ts";
import { challengeUrl } from "./challenge.ts";
import type { Charge } from "../ledger/charge.ts";
import type { ProviderEvent } from "../ledger/provider-events.ts";
import type { Dispute, Refund } from "../ledger/charge.ts";
import { testMethod } from "../ledger/payment-methods.ts";
import { cardError } from "./stripe-errors.ts";

/** The ledger's state as objects of Stripe's API. Pure: the same charge gives the same bytes. */

const unix = (at: string) => Math.floor(Date.parse(at) / 1000);

const intentStatus = {
	succeeded: "succeeded",
	failed: "requires_payment_method",
	action_required: "requires_action"
} as const;

export interface Representation {
	/** URL of the challenge pages, e.g. `http://127.0.0.1:8090`. */
	origin: string;
	/** Expands the charge of an intent instead of its id. */
	expandCharge: boolean;
}

const chargeId = ({ line }: Charge) => line.ref.replace(/^pi_/, "ch_");

function card(name: string) {
	const { brand = "unknown", last4 = "0000" } = testMethod(name) ?? {};
	return { brand, last4, country: "US", exp_month: 12, exp_year: 2034, funding: "credit" };
}

function paymentMethod({ line }: Charge) {
	const { payment_method: id } = line;
	return { id, object: "payment_method", type: "card", card: card(id) };
}

function chargeObject(charge: Charge) {
	const { line, status, refunded, failure_code } = charge;
	return {
		id: chargeId(charge),
		object: "charge",
		amount: line.amount,
		amount_captured: status === "succeeded" ? line.amount : 0,
		amount_refunded: refunded,
		captured: status === "succeeded",
		disputed: charge.disputed,
		created: unix(line.at),
		currency: line.currency.toLowerCase(),
		failure_code,
		livemode: false,
		metadata: line.metadata,
		paid: status === "succeeded",
		payment_intent: line.ref,
		payment_method: line.payment_method,
		payment_method_details: { type: "card", card: card(line.payment_method) },
		refunded: refunded === line.amount,
		status: status === "succeeded" ? "succeeded" : "failed"
	};
}

function nextAction(charge: Charge, origin: string) {
	if (charge.status !== "action_required") return null;
	const url = challengeUrl(origin, charge);
	const { return_url } = charge.line.challenge!;
	return { type: "redirect_to_url", redirect_to_url: { url, return_url } };
}

function lastError(charge: Charge) {
	const { status, failure_code } = charge;
	if (status !== "failed" || failure_code === "canceled") return null;
	return { ...cardError(failure_code!), payment_method: paymentMethod(charge) };
}

export function intentObject(charge: Charge, { origin, expandCharge }: Representation) {
	const { line, status, canceled } = charge;
	const paid = status === "succeeded";
	const banked = status !== "action_required" && charge.failure_code !== "canceled";
	const shown = expandCharge ? chargeObject(charge) : chargeId(charge);
	return {
		id: line.ref,
		object: "payment_intent",
		amount: line.amount,
		amount_capturable: 0,
		amount_received: paid ? line.amount : 0,
		cancellation_reason: null,
		capture_method: "automatic",
		client_secret: line.challenge ? `${line.ref}_secret_${line.challenge.secret}` : null,
		confirmation_method: "automatic",
		created: unix(line.at),
		currency: line.currency.toLowerCase(),
		last_payment_error: lastError(charge),
		latest_charge: banked ? shown : null,
		livemode: false,
		metadata: line.metadata,
		next_action: nextAction(charge, origin),
		payment_method: status === "failed" ? null : line.payment_method,
		payment_method_types: ["card"],
		status: canceled ? "canceled" : intentStatus[status]
	};
}

export function pendingIntent({ ref, amount, currency, metadata }: PendingCharge) {
	return {
		id: ref,
		object: "payment_intent",
		amount,
		amount_received: 0,
		currency: currency.toLowerCase(),
		last_payment_error: null,
		latest_charge: null,
		livemode: false,
		metadata,
		next_action: null,
		status: "processing"
	};
}

/** The 402 of a charge that was declined at once. */
export function declinedError(charge: Charge, how: Representation) {
	return {
		...cardError(charge.failure_code!),
		charge: chargeId(charge),
		payment_intent: intentObject(charge, { ...how, expandCharge: false }),
		payment_method: paymentMethod(charge)
	};
}

export function refundObject({ line, status }: Refund) {
	return {
		id: line.ref,
		object: "refund",
		amount: line.amount,
		charge: line.charge_ref.replace(/^pi_/, "ch_"),
		created: unix(line.at),
		currency: line.currency.toLowerCase(),
		metadata: line.metadata,
		payment_intent: line.charge_ref,
		reason: line.reason,
		...(status === "failed" && { failure_reason: "expired_or_canceled_card" }),
		status
	};
}

export function disputeObject({ line, status }: Dispute) {
	return {
		id: line.ref,
		object: "dispute",
		amount: line.amount,
		charge: line.charge_ref.replace(/^pi_/, "ch_"),
		created: unix(line.at),
		currency: line.currency.toLowerCase(),
		metadata: {},
		payment_intent: line.charge_ref,
		reason: line.reason,
		status: status === "open" ? "needs_response" : status
	};
}

function subjectOf({ type, charge, refund, dispute }: ProviderEvent, origin: string) {
	if (refund) return refundObject(refund);
	if (dispute) return disputeObject(dispute);
	return type.startsWith("charge.")
		? chargeObject(charge)
		: intentObject(charge, { origin, expandCharge: false });
}

export function eventObject(event: ProviderEvent, origin: string) {
	const { id, type, at } = event;
	const object = subjectOf(event, origin);
	return {
		id,
		object: "event",
		api_version: "2026-10-28.endive",
		created: unix(at),
		data: { object },
		livemode: false,
		pending_webhooks: 0,
		request: { id: null, idempotency_key: null },
		type
	};
}
