import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, totalmem } from "node:os";
import { join } from "node:path";
import { openShop } from "../bench/measured-shop.ts";
import * as streams from "../bench/measure-streams.ts";
import { progress } from "../launch/shop/prepare-shop.ts";
import { whyNoKafka } from "../launch/servers/kafka-jars.ts";
import { LaunchError } from "../launch/process/launch-error.ts";
import { run, type Lifecycle } from "../launch/process/lifecycle.ts";
import { commandLine, usageError } from "../launch/process/command-line.ts";

const usage = `Usage: npm run bench -- streams [--log postgres|kafka] [--seconds 10] [--publish]
Benchmarks one shop process with its own servers: latency from order commit to window, messages per second,
and replay speed relative to live orders. Only ratios within a run mean anything; machines are noisy.
  --log        what carries the events: the log in Postgres (default) or a Kafka broker (needs Java 17)
  --seconds n  how long each part takes (default 10)
  --publish    writes the figures to bench/results`;

const { values, positionals } = commandLine(
	usage,
	{
		log: { type: "string", default: "postgres" },
		seconds: { type: "string", default: "10" },
		publish: { type: "boolean" }
	},
	true
);
/** `local` is the former name of `postgres`, accepted in this version. */
const log = values.log === "local" ? "postgres" : values.log;
const kind = log === "postgres" || log === "kafka" ? log : undefined;
if (positionals.join(" ") !== "streams") usageError(usage, "Name what to measure: streams.");
if (!kind) usageError(usage, "--log is postgres or kafka");
const seconds = Number(values.seconds);
if (!/^\d{1,3}$/.test(values.seconds) || seconds < 1) usageError(usage, "--seconds takes a number");

const customers = 32;
/** Time for members to join, connections to open, and code to be compiled. */
const warmUpS = 3;
/** Enough that the half second in which a replay starts is a tenth of it. */
const replayedEvents = 240_000;

async function measure(life: Lifecycle, log: "postgres" | "kafka"): Promise<streams.StreamFigures> {
	const shop = await openShop(life, log);
	progress("warming up");
	await streams.latencyAt(shop, 500, warmUpS);
	const latency: streams.Latency[] = [];
	for (const perSecond of [50, 500]) {
		progress(`${perSecond} events a second`);
		latency.push(await streams.latencyAt(shop, perSecond, seconds));
	}
	progress("messages a second");
	const published = await streams.publishing(shop, Math.max(1, seconds / 5));
	const read = await streams.reading(shop, 20_000);
	const parsed = streams.parsing(50_000);
	progress(`${customers} customers at a time`);
	const live = await streams.selling(shop, customers, seconds);
	progress(`a replay, after ${replayedEvents} events more`);
	await streams.latencyAt(shop, replayedEvents, 1);
	const replayed = await streams.replaying(shop);
	const over = (rate: number) => Math.round((replayed / rate) * 10) / 10;
	const replayOver = { liveOrders: over(live.orders), liveEvents: over(live.events) };
	return { latency, published, read, parsed, live, replayed, replayOver };
}

run(async life => {
	const obstacle = kind === "kafka" ? whyNoKafka() : undefined;
	if (obstacle) throw new LaunchError(obstacle);
	const figures = await measure(life, kind);
	const about = {
		at: new Date().toISOString(),
		node: process.version,
		machine: `${availableParallelism()} × ${cpus()[0]?.model}, ${Math.round(totalmem() / 2 ** 30)} GiB`,
		log: kind,
		seconds
	};
	const text = JSON.stringify({ ...about, ...figures }, null, "\t");
	console.log(text);
	if (values.publish) {
		const folder = join(import.meta.dirname, "../bench/results");
		mkdirSync(folder, { recursive: true });
		writeFileSync(join(folder, `streams-${kind}.json`), `${text}\n`);
	}
	await life.end(0);
});
