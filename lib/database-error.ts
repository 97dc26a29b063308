/** What errors of Postgres, of its driver and of Sequelize mean (SQLSTATE: Appendix A of the manual of Postgres). */

/**
 * Why a database could not serve, which no input caused and which passes or is repaired:
 * - `undone`: rolled back as a whole in favour of another transaction, or because its prepared plan is out of date
 * - `overdue`: it waited too long for a lock, a statement or an idle transaction
 * - `misconfigured`: another password or database is needed
 * - `unavailable`: no connection, no room, stopping, or a standby
 */
export type DatabaseFault = "undone" | "overdue" | "misconfigured" | "unavailable";

const faultsOfStates: readonly (readonly [RegExp, DatabaseFault])[] = [
	[/^(40001|40P01)$/, "undone"],
	[/^(55P03|57014|25P03)$/, "overdue"],
	[/^(28|3D)/, "misconfigured"],
	[/^(08|40|53|55|57|58|25006)/, "unavailable"]
];

/**
 * Codes of Node for a network, a resolver, a disk or a firewall that fails, for a process without free descriptors or
 * memory, and for a connection that is closed. A file that is missing is a defect, and so are most codes of Node's own
 * (`ERR_…`).
 */
const nodeCodes = new Set([
	"EACCES",
	"EADDRNOTAVAIL",
	"EAGAIN",
	"EAI_AGAIN",
	"ECONNABORTED",
	"ECONNREFUSED",
	"ECONNRESET",
	"EDQUOT",
	"EHOSTDOWN",
	"EHOSTUNREACH",
	"EIO",
	"EMFILE",
	"ENETDOWN",
	"ENETRESET",
	"ENETUNREACH",
	"ENFILE",
	"ENOBUFS",
	"ENOMEM",
	"ENOSPC",
	"ENOTCONN",
	"ENOTFOUND",
	"EPERM",
	"EPIPE",
	"EPROTO",
	"EROFS",
	"ERR_SOCKET_CLOSED",
	"ERR_STREAM_DESTROYED",
	"ETIMEDOUT"
]);

/** Messages of pg and of Sequelize's pool, whose errors have no code. */
const messages =
	/^(Connection terminated|timeout exceeded when trying to connect|Client (was closed|has encountered a connection error)|Cannot use a pool after|ConnectionManager\.getConnection was called after|timeout expired|Operation timeout)/;

/** True when all connections of a pool were in use for too long: the database may well be there. */
export function isFullPool(error: unknown): boolean {
	return /^(timeout exceeded when trying to connect|Operation timeout)/.test(
		driverError(error)?.message
	);
}

/** The driver's error, which Sequelize wraps as `original`, and kafkajs as the `cause` of an error without a code. */
export function driverError(error: unknown): Error & { code?: unknown } {
	const { original, cause, code } = (error ?? {}) as Error & { original?: Error; code?: unknown };
	if (original) return original;
	return code === undefined && cause instanceof Error ? driverError(cause) : (error as Error);
}

/** SQLSTATE of a database error, undefined for anything else. */
export function sqlState(error: unknown): string | undefined {
	const code = driverError(error)?.code;
	// Five characters with a digit: EPIPE is Node's.
	return typeof code === "string" && /^(?=.*\d)[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/**
 * A prepared statement whose result has other columns since a migration. Its connection has to be closed: there it fails
 * again each time. Postgres has no SQLSTATE for it but that of features that are not supported.
 */
export function isStalePlan(error: unknown): boolean {
	const { routine } = driverError(error) as { routine?: string };
	// Its message is in the language of the server.
	return sqlState(error) === "0A000" && routine === "RevalidateCachedQuery";
}

/** Undefined for an error that its input or a defect caused. The one table of what "the database is away" means. */
export function databaseFault(error: unknown): DatabaseFault | undefined {
	const state = sqlState(error);
	if (isStalePlan(error)) return "undone";
	if (state) return faultsOfStates.find(([states]) => states.test(state))?.[1];
	const { code, message } = driverError(error);
	return nodeCodes.has(String(code)) || messages.test(message) ? "unavailable" : undefined;
}

/** True when the server itself refused the statement, so it surely changed nothing. */
export function refusedBySql(error: unknown): boolean {
	const state = sqlState(error);
	// 08 connection, 57P administrator or crash shutdown: the commit may have happened.
	return state !== undefined && !state.startsWith("08") && !state.startsWith("57P");
}
