/** Exponential delay in ms before try `attempt` (1, 2, …), doubled each time up to `maxMs`. */
export function backoffMs(attempt: number, baseMs: number, maxMs: number): number {
	return Math.min(maxMs, baseMs * 2 ** Math.min(Math.max(attempt, 1) - 1, 30));
}
