/** What a Postgres error says of itself (Appendix A of its manual); the same for pg and Sequelize. */

/** SQLSTATE of a database error, undefined for anything else. */
export function sqlState(error: unknown): string | undefined {
	const code = (error as { code?: unknown } | null)?.code;
	// Five characters with a digit: EPIPE is Node's.
	return typeof code === "string" && /^(?=.*\d)[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/** True when the server itself refused the statement, so it surely changed nothing. */
export function refusedBySql(error: unknown): boolean {
	const state = sqlState(error);
	// 08 connection, 57P administrator or crash shutdown: the commit may have happened.
	return state !== undefined && !state.startsWith("08") && !state.startsWith("57P");
}
