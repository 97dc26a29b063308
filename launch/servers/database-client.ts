import pg from "pg";

/** Does the work on a connection of its own. @param url of the owner, or of a role */
export async function withClient<R>(
	url: string,
	work: (client: pg.Client) => Promise<R>,
	options: pg.ClientConfig = {}
): Promise<R> {
	const client = new pg.Client({ ...options, connectionString: url });
	// The query in progress fails too, and says why.
	client.on("error", () => undefined);
	try {
		await client.connect();
		return await work(client);
	} finally {
		await client.end();
	}
}

/** One query on a connection of its own. */
export function rows<R extends pg.QueryResultRow>(
	url: string,
	sql: string,
	values: unknown[] = []
): Promise<R[]> {
	return withClient(url, async client => (await client.query<R>(sql, values)).rows);
}
