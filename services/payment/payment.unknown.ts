import type { Outcome, RefundOutcome } from "./payment.provider.ts";

const hourMs = 3_600_000;
/** Providers forget keys after 24 h (Stripe); asking again after that would charge again. */
const resendUntilMs = 20 * hourMs;
const waitUntilMs = 24 * hourMs;

/** A node that was frozen for longer than this since it took a charge in hand does not send it. */
export const sendWithinMs = 3000;
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
}

/** `void`: the order was called off, so the charge should end without money, where it still can. */
export type Wish = "charge" | "void";

/**
 * What to do about it (reliability 4.4).
 * @param found what the provider says: undefined when it has never seen the key, "unreachable"
 *   when it did not answer
 */
export function nextStep(
	found: Outcome | undefined | "unreachable",
	{ age_ms, sent_ms, overdue }: Unsettled,
	maxProcessingMs: number,
	wish: Wish
): "record" | "abandon" | "send" | "void" | "wait" | "review" {
	if (typeof found === "object" && (found.status === "succeeded" || found.status === "failed"))
		return "record";
	if (typeof found === "object" && found.status === "action_required")
		return overdue || wish === "void" ? "abandon" : "wait";
	if (age_ms >= waitUntilMs) return "review";
	if (found !== undefined) return "wait";
	if (wish === "charge") return sent_ms > maxProcessingMs && mayResend(age_ms) ? "send" : "wait";
	return sent_ms > maxProcessingMs + sendWithinMs + queueWithinMs ? "void" : "wait";
}

/** A charge that was given up has one name for it at the provider; the shop knows why. */
export function reasonOf(code: string, { overdue }: Unsettled, wish: Wish): string {
	if (code !== "canceled") return code;
	return overdue ? "challenge_expired" : wish === "void" ? "voided" : code;
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
