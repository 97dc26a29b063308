import { sqlState } from "../../lib/sql-state.ts";

/**
 * What a server says while it cannot serve: no connection (08), not that password or database (28, 3D:
 * somebody is changing them), undone for the sake of others (40), no room (53), not in that state (55),
 * stopped by an operator or a limit (57), broken (58), a standby that only reads (25006).
 */
const states = /^(08|28|3D|40|53|55|57|58|25006)/;
/** What pg says without a code of a connection that is not there. */
const noConnection =
	/^(Connection terminated|timeout exceeded when trying to connect|Client (was closed|has encountered a connection error)|Cannot use a pool after)/;

/**
 * What is no message's fault and will pass. Then nothing is put aside, whatever it takes. An error may
 * say so itself (`isTransient`), where it comes from elsewhere.
 */
export function isTransient(error: unknown): boolean {
	const state = sqlState(error);
	if (state) return states.test(state);
	const { code, isTransient: said } = error as { code?: unknown; isTransient?: boolean };
	if (said !== undefined) return said;
	return /^E[A-Z]+$/.test(String(code)) || noConnection.test((error as Error).message);
}
