import type { Statement } from "../../../db/database.ts";
import { connect } from "../servers/database.ts";

/** How many messages of the log in Postgres a statement of it reads, regardless of earlier ones. */
export async function messagesRead(
	database: { url: string },
	statement: Statement,
	values: unknown[]
): Promise<number> {
	const db = connect(database, "stream", 1);
	const read = db.transaction(async tx => {
		await tx.query(statement, values);
		const [row] = await tx.query<{ rows: number }>({
			name: "rows_read",
			text: "select seq_tup_read + idx_tup_fetch as rows from pg_stat_xact_user_tables where relid = 'streams.message'::regclass"
		});
		return row!.rows;
	});
	return read.finally(() => db.close());
}
