import { backoffMs } from "../../lib/backoff.ts";
import type { Outcome, RefundOutcome } from "./provider/provider.ts";

const hourMs = 3_600_000;
/** Providers forget keys after 24 h (Stripe); asking again after that would charge again. */
const resendUntilMs = 20 * hourMs;
const waitUntilMs = 24 * hourMs;

/** A node that was frozen for longer than this since it took a charge in hand does not send it. */
export const sendWithinMs = 3000;
/** A node that was turned away tries again by itself so often, where the pause is no longer than this. */
export const maxAttempts = 3;
export const maxInlinePauseMs = 2000;
/** Longest wait of a call for a free place at the provider's door. */
export const queueWithinMs = 2000;

function mayResend(ageMs: number): boolean {
	return ageMs < resendUntilMs;
}

/** A charge whose outcome is not recorded, by the database's clock. */
export interface Unsettled {
	/** Since it was first sent. */
	age_ms: number;
	/** Since an attempt was last begun. */
	sent_ms: number;
	/** The customer, who had to act, did not in time. */
	overdue: boolean;
	/** Until the last attempt, which was turned away, may be made again; null where it was not. */
	resend_in_ms: number | null;
}

/** `void`: the order was called off, so the charge should end without money, where it still can. */
export type Intent = "charge" | "void";

/**
 * What to do before the provider is asked. An attempt that was turned away did nothing, so only its time
 * is waited for; but an order that is called off rests on no such word, and is looked up.
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
 * How long (ms) who was turned away for the `times`th time stays away: at least what the provider asks
 * for, longer every time, and not as long as the others. @param chance from 0 to 1
 */
export function pauseMs(times: number, retryAfterMs: number, chance: number): number {
	const least = Math.max(retryAfterMs, backoffMs(times, firstPauseMs, longestPauseMs));
	return Math.round(least * (1 + chance / 2));
}

/**
 * What to do about it (docs/promises.md, P8; docs/retries.md has the times).
 * @param found what the provider says: undefined when it has never seen the key, "unreachable"
 *   when it did not answer
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

/** A charge that was given up has one name for it at the provider; the shop knows why. */
export function reasonOf(code: string, { overdue }: Unsettled, intent: Intent): string {
	if (code !== "canceled") return code;
	return overdue ? "challenge_expired" : intent === "void" ? "voided" : code;
}

/** The same of a refund: a repeated request under its key pays back once, so it need not wait. */
export function nextRefundStep(
	found: RefundOutcome | undefined | "unreachable",
	ageMs: number
): "record" | "send" | "wait" | "review" {
	if (typeof found === "object") return found.status === "pending" ? "wait" : "record";
	if (ageMs >= waitUntilMs) return "review";
	return found === undefined && mayResend(ageMs) ? "send" : "wait";
}
