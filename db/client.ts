import pg from "pg";

/** A connection that is not open yet. One that the server ends does not end the process. */
export function newClient(options: pg.ClientConfig): pg.Client {
	const client = new pg.Client(options);
	// The query in progress, or the next one, fails too, and says why.
	client.on("error", () => undefined);
	return client;
}

/** Does the work on a connection of its own. @param url of the owner, or of a role */
export async function withClient<R>(
	url: string,
	work: (client: pg.Client) => Promise<R>,
	options: pg.ClientConfig = {}
): Promise<R> {
	const client = newClient({ ...options, connectionString: url });
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
