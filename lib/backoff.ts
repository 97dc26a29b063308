/** Exponential delay in ms before attempt `attempt` (1, 2, …), doubled each time up to `maxMs`. */
export function backoffMs(attempt: number, baseMs: number, maxMs: number): number {
	return Math.min(maxMs, baseMs * 2 ** Math.min(Math.max(attempt, 1) - 1, 30));
}

/**
 * A delay between half and the whole of `ms`, so that callers that failed together do not retry
 * together. @param chance from 0 to 1
 */
export function withJitter(ms: number, chance: number): number {
	return Math.round((ms * (1 + chance)) / 2);
}
