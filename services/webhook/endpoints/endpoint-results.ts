import type { Transaction } from "../../../db/database.ts";
import { disable, record, resultRows } from "./endpoint.statements.ts";

/** What became of the requests to one endpoint that were settled together. */
export interface EndpointResult {
	id: string;
	/** How many failed; 0 if one of them succeeded. */
	failed: number;
	/** The last error. */
	error: string | null;
	pause_ms: number;
	/** It answered 410. */
	is_gone: boolean;
}

/** Records them; returns the endpoints that were disabled, of which the outbox tells the admins. */
export async function recordResults(
	results: readonly EndpointResult[],
	tx: Transaction
): Promise<{ id: string; reason: string }[]> {
	if (results.length === 0) return [];
	await tx.query(record, resultRows.values(results));
	const failed = results.filter(result => result.failed > 0);
	if (failed.length === 0) return [];
	const gone = failed.filter(({ is_gone }) => is_gone);
	const idsOf = (some: readonly EndpointResult[]) => some.map(({ id }) => id);
	return tx.query<{ id: string; reason: string }>(disable, [idsOf(failed), idsOf(gone)]);
}
