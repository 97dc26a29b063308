import pg from "pg";
import { toConfig } from "../../../config/index.ts";
import { readEnvironment } from "../../../config/read-environment.ts";
import { verify as analytics } from "../../../verify/analytics.verifier.ts";
import { verify as orders } from "../../../verify/orders.verifier.ts";
import { verify as payments } from "../../../verify/payments.verifier.ts";
import { verify as stock } from "../../../verify/stock.verifier.ts";
import { verify as stream } from "../../../verify/stream.verifier.ts";

/** What `npm run verify` prints for all of its subjects. @param environment of the shop's nodes */
export async function differencesIn(
	databaseUrl: string,
	environment: Record<string, string>
): Promise<string[]> {
	const config = { ...toConfig(readEnvironment(environment)), databaseUrl };
	const client = new pg.Client({ connectionString: databaseUrl });
	await client.connect();
	const found: string[] = [];
	try {
		await client.query("begin isolation level repeatable read read only");
		// The stream's reads with other snapshots, so it is last.
		for (const verify of [orders, payments, stock, analytics, stream])
			for await (const line of verify({ client, config, progress: () => undefined }))
				found.push(line);
	} finally {
		await client.end();
	}
	return found;
}
