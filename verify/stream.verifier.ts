import { useConfig } from "../config/index.ts";
import { refusalOfLog, type LogKind } from "../db/event-log.ts";
import { exitCodes, LaunchError } from "../launch/process/launch-error.ts";
import { assertReachable } from "./reachable-log.ts";
import { NoSuchTopic } from "../streams/driver.ts";
import { openLog } from "../streams/index.ts";
import { printRetry } from "../launch/process/retry-warning.ts";
import { gapLine, readGap } from "../streams/log-gap.ts";
import type { VerifyContext } from "./verifier.ts";

const published =
	"select exists (select from orders.events where published_at is not null) as found";

/** Compares every order event of the log with the outbox: unknown ones mean that the database was restored. */
export async function* verify({ client, config, progress }: VerifyContext): AsyncGenerator<string> {
	useConfig(config);
	const driver = await openLog({ onError: () => undefined });
	let hasPublished = true;
	try {
		const used = await client.query<{ kind: LogKind }>("select kind from streams.event_log");
		const refusal = used.rows[0] && refusalOfLog(used.rows[0].kind, driver.kind);
		if (refusal) throw new LaunchError(refusal, exitCodes.configuration);
		await assertReachable(driver, config);
		// Each statement sees what is committed by then: a running shop publishes only committed events.
		await client.query("commit");
		await client.query("begin isolation level read committed read only");
		const { rows } = await client.query<{ found: boolean }>(published);
		hasPublished = rows[0]!.found;
		const { events } = await readGap(
			client,
			driver,
			done => progress(done, "messages"),
			printRetry
		);
		for (const event of events) yield `${gapLine(event)}: the database does not know it`;
	} catch (error) {
		// The log of a shop that never ran has no topics.
		if (hasPublished || !(error instanceof NoSuchTopic)) throw error;
	} finally {
		await driver.close();
	}
}
