import { sqlState } from "../lib/sql-state.ts";

/**
 * What is no message's fault and will pass: no connection, a server that stops, has no room or
 * undid the transaction for the sake of others. Then nothing is put aside, whatever it takes.
 */
export function isPassing(error: unknown): boolean {
	const state = sqlState(error);
	if (state) return /^(08|40|53|55|57|58)/.test(state);
	const { code, isPassing: said } = error as { code?: unknown; isPassing?: boolean };
	if (said !== undefined) return said;
	return (
		/^E[A-Z]+$/.test(String(code)) ||
		/connection|timeout exceeded|terminated/i.test((error as Error).message)
	);
}
