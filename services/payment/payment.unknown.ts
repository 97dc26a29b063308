import type { Outcome } from "./payment.provider.ts";

const hourMs = 3_600_000;
/** Providers forget keys after 24 h (Stripe); asking again after that would charge again. */
const resendUntilMs = 20 * hourMs;
const waitUntilMs = 24 * hourMs;

export function mayResend(ageMs: number): boolean {
	return ageMs < resendUntilMs;
}

/**
 * What to do about a charge whose outcome is not recorded (reliability 4.4).
 * @param found what the provider says: undefined when it has never seen the key, "unreachable"
 *   when it did not answer
 * @param ageMs since the charge was first sent, by the database's clock
 */
export function nextStep(
	found: Outcome | undefined | "unreachable",
	ageMs: number,
	maxProcessingMs: number
): "record" | "send" | "wait" | "review" {
	if (typeof found === "object" && (found.status === "succeeded" || found.status === "failed"))
		return "record";
	if (ageMs >= waitUntilMs) return "review";
	return found === undefined && ageMs > maxProcessingMs && mayResend(ageMs) ? "send" : "wait";
}
