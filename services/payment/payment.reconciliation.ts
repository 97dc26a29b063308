import { backoffMs } from "../../lib/backoff.ts";
import type { Outcome, RefundOutcome } from "./provider/provider.ts";

const hourMs = 3_600_000;
/** Providers delete keys after 24 h (Stripe); repeating a charge after that would charge again. */
const resendUntilMs = 20 * hourMs;
const waitUntilMs = 24 * hourMs;
/** A refund waits at the provider for money on its account, or for the customer's bank (docs.stripe.com/refunds). */
const pendingUntilMs = 30 * 24 * hourMs;

/** A node that was stopped for longer than this after it claimed a charge does not send it. */
export const sendWithinMs = 3000;
/** A rate-limited node retries so often, if the pause is no longer than this. */
export const maxAttempts = 3;
export const maxInlinePauseMs = 2000;
/** Longest wait of a call for a free slot of the provider's bulkhead. */
export const queueWithinMs = 2000;

function mayResend(ageMs: number): boolean {
	return ageMs < resendUntilMs;
}

/** A charge without a recorded outcome, by the database's clock. */
export interface Unsettled {
	/** Since it was first sent. */
	age_ms: number;
	/** Since the last attempt. */
	sent_ms: number;
	/** The customer's time for 3-D Secure is over. */
	overdue: boolean;
	/** Until a rate-limited attempt may be repeated; null if it was not rate-limited. */
	resend_in_ms: number | null;
}

/** `void`: the order was cancelled, so the charge should end without money, if it still can. */
export type Intent = "charge" | "void";

/**
 * The step before the provider is called. A rate-limited attempt had no effect, so it only waits; for a
 * cancelled order that is not relied on, and the charge is looked up.
 */
export function firstStep(
	{ resend_in_ms, age_ms }: Unsettled,
	intent: Intent
): "send" | "wait" | "look_up" {
	if (resend_in_ms === null || intent === "void" || !mayResend(age_ms)) return "look_up";
	return resend_in_ms <= 0 ? "send" : "wait";
}

const firstPauseMs = 250;
const longestPauseMs = 30_000;

/**
 * The pause (ms) after the `times`th rate limit: at least Retry-After, growing, with jitter.
 * @param chance from 0 to 1
 */
export function pauseMs(times: number, retryAfterMs: number, chance: number): number {
	const least = Math.max(retryAfterMs, backoffMs(times, firstPauseMs, longestPauseMs));
	return Math.round(least * (1 + chance / 2));
}

/**
 * The next step (docs/promises.md, P8; docs/retries.md has the times).
 * @param found the result of the lookup: undefined when the provider does not know the key,
 *   "unreachable" when it did not respond
 */
export function nextStep(
	found: Outcome | undefined | "unreachable",
	{ age_ms, sent_ms, overdue }: Unsettled,
	maxProcessingMs: number,
	intent: Intent
): "record" | "abandon" | "send" | "void" | "wait" | "review" {
	if (typeof found === "object" && (found.status === "succeeded" || found.status === "failed"))
		return "record";
	if (typeof found === "object" && found.status === "action_required")
		return overdue || intent === "void" ? "abandon" : "wait";
	if (age_ms >= waitUntilMs) return "review";
	if (found !== undefined) return "wait";
	if (intent === "charge") return sent_ms > maxProcessingMs && mayResend(age_ms) ? "send" : "wait";
	return sent_ms > maxProcessingMs + sendWithinMs + queueWithinMs ? "void" : "wait";
}

/** A cancelled charge has one code at the provider; the shop knows the reason. */
export function reasonOf(code: string, { overdue }: Unsettled, intent: Intent): string {
	if (code !== "canceled") return code;
	return overdue ? "challenge_expired" : intent === "void" ? "voided" : code;
}

/**
 * The same for a refund: repeating it under its key refunds once, so it need not wait.
 * @param isElsewhere the shop did not request it, and never sends it
 */
export function nextRefundStep(
	found: RefundOutcome | undefined | "unreachable",
	ageMs: number,
	isElsewhere = false
): "record" | "send" | "wait" | "review" {
	if (typeof found === "object" && found.status !== "pending") return "record";
	if (isElsewhere) return "wait";
	if (typeof found === "object") return ageMs >= pendingUntilMs ? "review" : "wait";
	if (ageMs >= waitUntilMs) return "review";
	return found === undefined && mayResend(ageMs) ? "send" : "wait";
}
