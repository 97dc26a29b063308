import { databaseFault } from "../../lib/database-error.ts";

/**
 * True for a failure that no message caused and that passes: then no message is dead-lettered. An error of
 * another system than the database says so itself (`isTransient`).
 */
export function isTransient(error: unknown): boolean {
	const { isTransient: said } = error as { isTransient?: boolean };
	return said ?? databaseFault(error) !== undefined;
}
