import Stripe from "stripe";
import {
	IdempotencyConflict,
	ProviderUnavailable,
	RateLimited,
	type Outcome,
	type RefundOutcome
} from "../provider.ts";
import { failureCode, methodOf } from "./object-mapping.ts";

/** What Stripe's errors mean: a fact about the charge, a conflict, or that nothing is known. */

const { StripeCardError, StripeConnectionError, StripeError } = Stripe.errors;
const { StripeIdempotencyError, StripeInvalidRequestError } = Stripe.errors;

/** What of a request the order brings; the rest is the shop's own, and can be set right while it waits. */
const refusedParams: Readonly<Record<string, string>> = {
	payment_method: "payment_method_unknown",
	amount: "amount_refused",
	currency: "currency_refused"
};

/** The outcome where the error is one: the bank's no, or a card or an amount that Stripe does not take. */
export function declined(error: unknown): Outcome | undefined {
	if (error instanceof StripeCardError) {
		const ref = error.payment_intent?.id ?? null;
		const method = methodOf(error.payment_method?.card);
		return { status: "failed", ref, code: failureCode(error), method };
	}
	const code = isInvalid(error) && refusedParams[error.param ?? ""];
	return code ? { status: "failed", ref: null, code, method: methodOf(undefined) } : undefined;
}

const refused: Readonly<Record<string, string>> = {
	charge_already_refunded: "refund_exceeds_charge",
	resource_missing: "charge_not_found"
};

/** The outcome where Stripe refuses a refund for good. */
export function refundRefused(error: unknown): RefundOutcome | undefined {
	if (!isInvalid(error)) return undefined;
	const byParam = error.param === "amount" ? "refund_exceeds_charge" : "charge_not_found";
	return { status: "failed", code: refused[error.code ?? ""] ?? byParam };
}

/** True when an intent cannot be given up, because it ended before. */
export function unexpectedState(error: unknown): boolean {
	return isInvalid(error) && error.code === "payment_intent_unexpected_state";
}

/**
 * Throws what the error means where the outcome is not known.
 * @throws IdempotencyConflict, TurnedAway, ProviderUnavailable, or the error itself
 */
export function thrown(error: unknown, key: string): never {
	if (!(error instanceof StripeError)) throw error;
	const { statusCode = 0 } = error;
	if (error instanceof StripeIdempotencyError && statusCode !== 409)
		throw new IdempotencyConflict(key);
	if (statusCode === 429) {
		const seconds = Number(error.headers?.["retry-after"]);
		throw new RateLimited(error.message, seconds > 0 ? seconds * 1000 : 0);
	}
	const cannotServe = statusCode === 409 || statusCode >= 500;
	if (!cannotServe && !(error instanceof StripeConnectionError)) throw error;
	throw new ProviderUnavailable(error.message);
}

function isInvalid(error: unknown): error is InstanceType<typeof StripeInvalidRequestError> {
	return error instanceof StripeInvalidRequestError;
}
