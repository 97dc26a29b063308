import Stripe from "stripe";
import {
	IdempotencyConflict,
	ProviderUnavailable,
	RateLimited,
	type Outcome,
	type RefundOutcome
} from "../provider.ts";
import { failureCode, methodOf } from "./object-mapping.ts";

/** Maps Stripe's errors: to an outcome, a conflict, or an unknown outcome. */

const { StripeCardError, StripeConnectionError, StripeError } = Stripe.errors;
const { StripeIdempotencyError, StripeInvalidRequestError } = Stripe.errors;

/** Parameters that depend on the order; errors of others are the shop's, and can be repaired. */
const refusedParams: Readonly<Record<string, string>> = {
	payment_method: "payment_method_unknown",
	amount: "amount_refused",
	currency: "currency_refused"
};

/** The outcome of an amount that Stripe cannot express: it would be refused. */
export const inexpressible = {
	status: "failed",
	ref: null,
	code: refusedParams.amount!,
	method: methodOf(undefined)
} as const;

/** The outcome if the error is one: a decline, or a card or an amount that Stripe refuses. */
export function declined(error: unknown): Outcome | undefined {
	if (error instanceof StripeCardError) {
		const ref = error.payment_intent?.id ?? null;
		const method = methodOf(error.payment_method?.card);
		return { status: "failed", ref, code: failureCode(error), method };
	}
	const code = isInvalid(error) && refusedParams[error.param ?? ""];
	return code ? { status: "failed", ref: null, code, method: methodOf(undefined) } : undefined;
}

/** Stripe's codes that have another name here; other codes are kept. */
const refusedCodes: Readonly<Record<string, string>> = {
	charge_already_refunded: "refund_exceeds_charge",
	resource_missing: "charge_not_found"
};

/**
 * The outcome when Stripe refuses a refund permanently. That an amount is more than what is left has no code of
 * its own there, only a sentence: any other amount that is refused is not too much.
 */
export function refundRefused(error: unknown): RefundOutcome | undefined {
	if (!isInvalid(error)) return undefined;
	const { code, param, message } = error;
	if (param === "amount" && /greater than/i.test(message))
		return { status: "failed", code: "refund_exceeds_charge" };
	if (code) return { status: "failed", code: refusedCodes[code] ?? code };
	return { status: "failed", code: param === "amount" ? "amount_refused" : "charge_not_found" };
}

/** True when an intent cannot be cancelled, because it has ended. */
export function unexpectedState(error: unknown): boolean {
	return isInvalid(error) && error.code === "payment_intent_unexpected_state";
}

/**
 * Throws the mapped error if the outcome is unknown.
 * @throws IdempotencyConflict, RateLimited, ProviderUnavailable, or the error itself
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
