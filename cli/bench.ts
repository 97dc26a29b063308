import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, totalmem } from "node:os";
import { join } from "node:path";
import { openShop } from "../bench/measured-shop.ts";
import { soakTable, streamTables } from "../bench/figures-text.ts";
import { soak, type SoakMinute } from "../bench/soak.ts";
import * as streams from "../bench/measure-streams.ts";
import { progress } from "../launch/shop/prepare-shop.ts";
import { whyNoKafka } from "../launch/servers/kafka-jars.ts";
import { LaunchError } from "../launch/process/launch-error.ts";
import { run, type Lifecycle } from "../launch/process/lifecycle.ts";
import { commandLine, knownWord, onlyOptions, usageError } from "../launch/process/command-line.ts";

const usage = `Usage: npm run bench -- streams [--log postgres|kafka] [--seconds 10] [--json] [--publish]
       npm run bench -- soak [--minutes 10] [--json] [--publish]
streams  one shop process with its own servers: latency from order commit to window, messages per second, and replay
         speed relative to live orders. Only ratios within a run mean anything; machines are noisy.
soak     24 customers who order one after the other from npm start: orders and memory by minute
  --log        what carries the events: the log in Postgres (default) or a Kafka broker (needs Java 17)
  --seconds n  how long each part takes (default 10)
  --minutes n  how long the soak takes (default 10)
  --json       prints the figures as JSON, with the machine, after the progress
  --publish    writes the figures to bench/results`;

const { values, positionals } = commandLine(
	usage,
	{
		log: { type: "string" },
		seconds: { type: "string" },
		minutes: { type: "string" },
		json: { type: "boolean" },
		publish: { type: "boolean" }
	},
	true
);
const { log = "postgres" } = values;
const kind = log === "postgres" || log === "kafka" ? log : undefined;
if (positionals.length === 0) usageError(usage, "Name what to measure: streams or soak.");
const what = knownWord(usage, positionals.join(" "), ["streams", "soak"]);
const ownOptions = { streams: ["log", "seconds"], soak: ["minutes"] }[what];
onlyOptions(usage, values, what, [...ownOptions, "json", "publish"]);
if (!kind) usageError(usage, "--log is postgres or kafka");

function positive(flag: "seconds" | "minutes"): number {
	const { [flag]: given = "10" } = values;
	return /^[1-9]\d{0,2}$/.test(given)
		? Number(given)
		: usageError(usage, `--${flag} takes a number`);
}
const [seconds, minutes] = [positive("seconds"), positive("minutes")];

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

function publish(name: string, figures: object, tables: string): void {
	const about = {
		at: new Date().toISOString(),
		node: process.version,
		machine: `${availableParallelism()} × ${cpus()[0]?.model}, ${Math.round(totalmem() / 2 ** 30)} GiB`
	};
	const text = JSON.stringify({ ...about, ...figures }, null, "\t");
	console.log(values.json ? text : `${tables}\n\n${about.machine}, Node ${about.node}`);
	if (!values.publish) return;
	const folder = join(import.meta.dirname, "../bench/results");
	mkdirSync(folder, { recursive: true });
	writeFileSync(join(folder, `${name}.json`), `${text}\n`);
}

async function measureStreams(life: Lifecycle, log: "postgres" | "kafka"): Promise<void> {
	const obstacle = log === "kafka" ? whyNoKafka() : undefined;
	if (obstacle) throw new LaunchError(obstacle);
	const figures = await measure(life, log);
	publish(`streams-${log}`, { log, seconds, ...figures }, streamTables(figures));
}

async function measureSoak(life: Lifecycle): Promise<void> {
	const all: SoakMinute[] = [];
	await soak(life, minutes, one => {
		progress(`minute ${one.minute}: ${one.orders} orders, ${one.memoryMb} MB`);
		all.push(one);
	});
	publish("soak", { minutes: all }, soakTable(all));
}

run(async life => {
	await (what === "soak" ? measureSoak(life) : measureStreams(life, kind));
	await life.end(0);
});
