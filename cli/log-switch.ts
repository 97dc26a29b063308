import type pg from "pg";
import { configOfCommand, useConfig, type Config } from "../config/index.ts";
import type { Driver } from "../streams/driver.ts";
import { openLog } from "../streams/index.ts";
import { topics, topicSpecs } from "../streams/messages/topics.ts";
import { commandLine, usageError } from "../launch/process/command-line.ts";
import { explainOutdated, LaunchError } from "../launch/process/launch-error.ts";
import { type Lifecycle, run } from "../launch/process/lifecycle.ts";
import { ProgressBar } from "../launch/process/progress-bar.ts";
import { assertReachable } from "../verify/reachable-log.ts";
import { databaseOfShop, ownerDatabase } from "../launch/shop/owner-database.ts";
import { connect } from "../launch/shop/prepare-shop.ts";
import { runningShop } from "../launch/shop/running-shop.ts";
import {
	assertNoReplay,
	beginNewLog,
	firstLeftOut,
	type LogStart,
	type NewLog
} from "./log-switch/consumers.ts";
import { refillOutboxes, type Refilled } from "./log-switch/outbox-refills.ts";
import { assertShopStopped, shopRuns } from "./offline/stopped-shop.ts";

const usage = `Usage: KAFKA_BROKERS=… npm run log:switch [-- --from <time>] [--dry-run]
Moves the event log of a stopped shop to the one that the settings name: to Kafka with KAFKA_BROKERS, and without it
back to Postgres. Events are published to it again when the shop runs; consumers begin with it, and apply none twice.
  --from time  order events from then on, e.g. 2026-03-01T00:00:00Z (default: as long ago as the log keeps events)
  --dry-run    only count them; the shop may run`;

const { values } = commandLine(usage, { from: { type: "string" }, "dry-run": { type: "boolean" } });
const dry = values["dry-run"] ?? false;

const minuteMs = 60_000;
/** Replays begin with whole minutes. */
const wholeMinute = (at: number) => new Date(Math.floor(at / minuteMs) * minuteMs).toISOString();

function givenStart(): string | undefined {
	if (values.from === undefined) return undefined;
	const at = /^\d{4}-\d\d-\d\dT/.test(values.from) ? Date.parse(values.from) : NaN;
	if (Number.isNaN(at) || at > Date.now())
		usageError(usage, `--from wants a time in the past, and not ${values.from}.`);
	return wholeMinute(at);
}

const given = givenStart();

type Kind = NewLog["kind"];

const placeOf = (kind: Kind, { kafka }: Config) =>
	kind === "kafka" ? `Kafka${kafka ? ` at ${kafka.brokers.join(",")}` : ""}` : "Postgres";

/** Undefined before the first start. */
async function kindInUse(client: pg.Client): Promise<Kind | undefined> {
	const text = "select kind from streams.event_log";
	const { rows } = await client.query<{ kind: Kind }>(text).catch(error => {
		throw explainOutdated(error);
	});
	return rows[0]?.kind;
}

/** The Kafka of the settings. @throws LaunchError when it does not answer */
async function reachKafka(life: Lifecycle, config: Config): Promise<Driver> {
	const driver = await openLog({ onError: () => undefined });
	life.atEnd(() => driver.close());
	await assertReachable(driver, config);
	return driver;
}

/** It may have messages of an earlier use, which are not read again. */
async function startsOf(driver: Driver, { stream }: Config): Promise<LogStart[]> {
	await driver.createTopics(topicSpecs(stream));
	const starts: LogStart[] = [];
	for (const topic of Object.values(topics))
		for (const { partition, next: offset } of await driver.extents(topic))
			starts.push({ topic, partition, offset });
	return starts;
}

/**
 * From when on order events are published again: early enough for all that the old log has and a consumer has not handled.
 * @throws LaunchError when the given time is not
 */
async function startOfRefill(client: pg.Client, { stream }: Config): Promise<string> {
	const { retentionMs } = stream;
	const from = given ?? wholeMinute(Date.now() - retentionMs);
	const leftOut = await firstLeftOut(client, from, retentionMs);
	if (!leftOut) return from;
	const earlier = wholeMinute(leftOut.getTime());
	if (given)
		throw new LaunchError(
			`Consumers have not handled all events from ${earlier} on, which the new log would not have: choose --from ${earlier}, or start the shop on the log that it has until they have.`
		);
	return earlier;
}

async function sinceOf(client: pg.Client, from: string): Promise<string | null> {
	const text =
		"select exists (select from orders.events where occurred_at < $1 and not quiet) as yes";
	const { rows } = await client.query<{ yes: boolean }>(text, [from]);
	return rows[0]!.yes ? from : null;
}

function report({ orders, lowStock, disabledWebhooks, windows }: Refilled, from: string): void {
	const when = dry ? "would be" : "will be";
	console.log(
		`${orders} order events since ${from}, ${lowStock} low-stock events, ${disabledWebhooks} messages of disabled webhooks, ${windows} windows and late events ${when} published to it when the shop runs, beside those that no log has yet.`
	);
}

run(async life => {
	const config = configOfCommand({ runsServices: false });
	useConfig(config);
	const kind: Kind = config.kafka ? "kafka" : "postgres";
	const url = await databaseOfShop(life, config);
	const client = await connect(life, url, "log switch");
	const place = placeOf(kind, config);
	const inUse = await kindInUse(client);
	if (inUse === kind || inUse === undefined) {
		console.log(
			inUse
				? `The event log of this shop is in ${place} already.`
				: `This shop has no events yet: its first start uses ${place}.`
		);
		return life.end(0);
	}
	const driver = kind === "kafka" ? await reachKafka(life, config) : undefined;
	if (!dry && runningShop(config.dataDir)?.databaseUrl === url) throw shopRuns();
	if (!dry) await assertShopStopped(client);
	await assertNoReplay(client);
	const from = await startOfRefill(client, config);
	const starts = driver && !dry ? await startsOf(driver, config) : [];
	const bar = new ProgressBar({ things: "order events" });
	const onProgress = (done: number, of: number) => bar.show(done, of);
	const database = ownerDatabase(life, url, "log switch");
	const refilled = await refillOutboxes(database, { from, dry, onProgress });
	if (!dry) {
		bar.end(refilled.orders, refilled.orders);
		await beginNewLog(client, { kind, starts, since: await sinceOf(client, from) });
	}
	console.log(
		dry
			? `The event log of this shop would move to ${place}.`
			: `The event log of this shop is in ${place} now.`
	);
	report(refilled, from);
	if (!dry)
		console.log(
			kind === "kafka"
				? `Start the shop with KAFKA_BROKERS=${config.kafka!.brokers.join(",")}.`
				: "Start the shop without KAFKA_BROKERS."
		);
	await life.end(0);
});
