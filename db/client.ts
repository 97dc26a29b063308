import type pg from "pg";
import { LimitedClient, type LimitedClientOptions } from "./limited-client.ts";
import { commandAnswerWithinMs, commandSession } from "./session-settings.ts";

/**
 * A connection of a command, that is not open yet. One that the server ends does not end the process, and one that is
 * silent fails: it waits 5 s for a connection and 10 minutes for an answer, unless the options say otherwise.
 */
export function newClient(options: LimitedClientOptions): pg.Client {
	const client = new LimitedClient({
		answerWithinMs: commandAnswerWithinMs,
		options: commandSession,
		...options
	});
	// The query in progress, or the next one, fails too, and says why.
	client.on("error", () => undefined);
	return client;
}

/** Does the work on a connection of its own. @param url of the owner, or of a role */
export async function withClient<R>(
	url: string,
	work: (client: pg.Client) => Promise<R>,
	options: LimitedClientOptions = {}
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
