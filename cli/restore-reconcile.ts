import type { OrderStreamEvent } from "../contracts/events.ts";
import { configOfCommand, useConfig } from "../config/index.ts";
import { openLog } from "../streams/index.ts";
import { assertReachable } from "../verify/reachable-log.ts";
import { connect } from "../launch/shop/prepare-shop.ts";
import { highestRevisions } from "./handover/published-windows.ts";
import { assertShopStopped } from "./offline/stopped-shop.ts";
import { beginEpoch, type EpochStart } from "./restore/epoch.ts";
import { assertNotByFlink } from "./restore/window-publisher.ts";
import { exitCodes, explainOutdated, LaunchError } from "../launch/process/launch-error.ts";
import { run } from "../launch/process/lifecycle.ts";
import { printRetry } from "../launch/process/retry-warning.ts";
import { gapLine, readGap } from "../streams/log-gap.ts";
import { commandLine } from "../launch/process/command-line.ts";
import { ProgressBar } from "../launch/process/progress-bar.ts";

const usage = `Usage: DATABASE_URL=postgres://… KAFKA_BROKERS=… npm run restore:reconcile [-- --dry-run]
For a database that was restored to an earlier moment, before the shop starts again: prints the order events
that the log has and the database does not know, voids them, so that no consumer applies them, and begins a
new epoch: new events carry it, because order versions may be reused.
Customers may have paid for what is printed: the payment provider knows.
Refused while the Flink job publishes windows: npm run stream -- engine builtin first.
  --dry-run  only print`;

const { values } = commandLine(usage, { "dry-run": { type: "boolean" } });

function report(
	{ epoch, alreadyHandled, windows }: EpochStart,
	gap: readonly OrderStreamEvent[]
): void {
	console.log(
		`Epoch ${epoch} begins: ${gap.length} events voided, ${windows} windows will be emitted again.`
	);
	for (const [service, ids] of Object.entries(alreadyHandled))
		if (ids.length > 0)
			console.log(`${ids.length} of them had an effect on ${service} since the restore.`);
	const late = gap
		.filter(({ id }) => alreadyHandled.analytics.includes(id))
		.map(({ time }) => time);
	if (late.length > 0)
		console.log(
			`Once the shop runs: npm run stream -- replay --group analytics --from ${late.sort()[0]}`
		);
}

run(async life => {
	const config = configOfCommand({ runsServices: false });
	if (!config.databaseUrl || !config.kafka)
		throw new LaunchError(
			"Set DATABASE_URL and KAFKA_BROKERS: a log in Postgres is restored together with the database.",
			exitCodes.configuration
		);
	useConfig(config);
	const client = await connect(life, config.databaseUrl, "restore");
	await assertShopStopped(client);
	const driver = await openLog({ onError: () => undefined });
	life.atEnd(() => driver.close());
	await assertReachable(driver, config);
	await assertNotByFlink(driver);
	const bar = new ProgressBar({ things: "messages" });
	const gap = await readGap(client, driver, (done, of) => bar.show(done, of), printRetry).catch(
		error => {
			throw explainOutdated(error);
		}
	);
	for (const event of gap.events) console.log(gapLine(event));
	if (values["dry-run"]) {
		console.log(`${gap.events.length} events that the database does not know.`);
		return life.end(0);
	}
	const emittedWindows = await highestRevisions(driver);
	await client.query("begin");
	const epochStart = await beginEpoch(client, gap.events, gap.epoch, emittedWindows);
	await client.query("commit");
	report(epochStart, gap.events);
	await life.end(0);
});
