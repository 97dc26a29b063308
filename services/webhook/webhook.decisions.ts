/** How a delivery goes on after an attempt, and how an endpoint does. */

/** What became of a request. */
export interface Attempt {
	/** Of the answer; null when there was none. */
	status: number | null;
	/** Why it did not succeed; null when it did. */
	error: string | null;
	/** The first characters of the answer. */
	answer: string;
	/** The answer's Retry-After. */
	retryAfterMs: number | undefined;
	durationMs: number;
}

/** The new state of a delivery. */
export type Outcome =
	{ state: "delivered" } | { state: "pending"; inMs: number } | { state: "failed" };

/** Delays become longer only: together they are to be three days at least. */
const mostJitter = 0.1;
/** Failures in a row from which on an endpoint is tried one delivery at a time. */
export const probedFrom = 5;
const [firstPauseMs, longestPauseMs] = [1000, 60_000];
/** An endpoint may ask for a pause of at most an hour. */
const longestAskedMs = 3_600_000;

/** Statuses that ask for fewer requests (Standard Webhooks, "Deliverability and reliability"). */
const asksForPause: ReadonlySet<number | null> = new Set([429, 502, 503, 504]);
const gone = 410;

/** The endpoint wants no requests any more. */
export const isGone = ({ status }: Attempt): boolean => status === gone;

/**
 * @param attempts including this one
 * @param delaysMs between the attempts
 * @param chance from 0 to 1, for jitter: deliveries that failed together are not retried together
 */
export function outcomeOf(
	attempt: Attempt,
	attempts: number,
	delaysMs: readonly number[],
	chance: number
): Outcome {
	if (attempt.error === null) return { state: "delivered" };
	const delayMs = delaysMs[attempts - 1];
	if (isGone(attempt) || delayMs === undefined) return { state: "failed" };
	const askedMs = Math.min(attempt.retryAfterMs ?? 0, longestAskedMs);
	const inMs = Math.round(delayMs * (1 + mostJitter * chance));
	return { state: "pending", inMs: Math.max(inMs, askedMs) };
}

/**
 * For how long nothing is sent to an endpoint after a failure: it must not get the whole backlog while it is down.
 * @param failures in a row, including this one
 */
export function pauseMsOf({ status, retryAfterMs }: Attempt, failures: number): number {
	const askedMs = Math.min(retryAfterMs ?? 0, longestAskedMs);
	const doublings = asksForPause.has(status) ? failures - 1 : failures - probedFrom;
	const ownMs =
		doublings < 0 ? 0 : Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(doublings, 30));
	return Math.max(ownMs, askedMs);
}
