import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { faultKinds, type FaultKind } from "../chaos/faults/nemesis.ts";
import { runChaos } from "../chaos/run/full-run.ts";
import { runOverKafka, type KafkaRunReport } from "../chaos/kafka-run/kafka-run.ts";
import type { MatrixSize } from "../chaos/run/matrix.ts";
import { markdown, score } from "../chaos/report.ts";
import { matrixNodes } from "../chaos/faults/matrix.plan.ts";
import { ScenarioRunner } from "../chaos/run/scenario-runner.ts";
import { progress } from "../launch/shop/prepare-shop.ts";
import { packagedPostgres } from "../launch/servers/packaged-postgres.ts";
import { whyNoKafka } from "../launch/servers/kafka-jars.ts";
import { type Lifecycle, run } from "../launch/process/lifecycle.ts";
import { commandLine, knownWord, usageError } from "../launch/process/command-line.ts";
import { runPlantedBugs } from "./chaos/bug-report.ts";

const usage = `Usage: npm run chaos [-- --tier nightly --seed 7 …]
Runs the shop as real processes, injects faults under load, and checks every guarantee afterwards.
  --tier ci|nightly   250 orders, 10 kills and a part of the modes of every failpoint, by the seed; or 5,000, 100 and
                      all modes twice (default ci)
  --seed n            repeats a schedule of faults and orders (default: another each time)
  --orders n          how many orders at least
  --kills n           how many processes are killed at least
  --matrix n          how often every failpoint is triggered in every mode, before the storm
  --events n          how many events go over a Kafka broker after it (needs Java 17), 0 for none
  --faults a,b        only these: ${Object.keys(faultKinds).join(", ")}
  --packaged          on the Postgres that is installed as a package, as it is installed; over Kafka by default if
                      there is one
  --publish           writes the report to docs/proof too
  --bugs              plants known bugs in copies of the shop instead: a checker must catch each
  --only words        of these only those whose promise and name hold the words, e.g. P4`;

const { values } = commandLine(usage, {
	tier: { type: "string", default: "ci" },
	seed: { type: "string" },
	orders: { type: "string" },
	kills: { type: "string" },
	faults: { type: "string" },
	publish: { type: "boolean" },
	packaged: { type: "boolean" },
	matrix: { type: "string" },
	events: { type: "string" },
	bugs: { type: "boolean" },
	only: { type: "string" }
});

const minute = 60_000;
const logFaults = { brokerKills: 2, pauseMs: 30_000, rebalances: 5 };
/** So that a run fits beside all other tests; the faults are the same. */
const shorter = { pauseMs: 15_000, rebalances: 3 };
const tiers = {
	ci: {
		orders: 250,
		kills: 10,
		matrix: { times: 1, isByTurns: true },
		/** The part over Kafka runs beside the other one: each waits for most of its time. */
		isBeside: true,
		perSecond: 20,
		withinMs: 12 * minute,
		quiesceMs: 4 * minute,
		log: { events: 4000, perSecond: 60, relayKills: 10, consumerKills: 5, ...shorter }
	},
	nightly: {
		// Two cores take five orders a second, each sent 5 to 20 times; the whole run takes less than an hour.
		orders: 5000,
		kills: 100,
		matrix: { times: 2, isByTurns: false },
		isBeside: false,
		perSecond: 25,
		withinMs: 40 * minute,
		quiesceMs: 10 * minute,
		log: { events: 20_000, perSecond: 100, relayKills: 40, consumerKills: 20 }
	}
};

function number(name: "seed" | "orders" | "kills" | "matrix" | "events", fallback: number): number {
	const word = values[name];
	if (word === undefined) return fallback;
	return /^\d{1,9}$/.test(word) ? Number(word) : usageError(usage, `--${name} takes a number`);
}

/** All modes where `--matrix` is given. */
const matrixSize = (): MatrixSize =>
	values.matrix === undefined && tier.matrix.isByTurns
		? { times: tier.matrix.times, turn: seed }
		: { times: number("matrix", tier.matrix.times) };

function kinds(): FaultKind[] | undefined {
	const names = Object.keys(faultKinds) as FaultKind[];
	return values.faults?.split(",").map(word => knownWord(usage, word, names));
}

const root = join(import.meta.dirname, "..");

function commit(): string {
	try {
		const git = (...args: string[]) =>
			execFileSync("git", args, { cwd: root, encoding: "utf8" }).trim();
		return (
			git("rev-parse", "--short", "HEAD") + (git("status", "--porcelain") ? " with changes" : "")
		);
	} catch {
		return "unknown";
	}
}

/** Where reports are written: always to the cache, and with --publish to docs/proof. */
function write(name: string, text: string): void {
	for (const folder of [".cache/proof", ...(values.publish ? ["docs/proof"] : [])]) {
		mkdirSync(join(root, folder), { recursive: true });
		writeFileSync(join(root, folder, name), text);
	}
}

/** With changed options, a run does not count as its tier. */
function requestedRun() {
	const changes = (["orders", "kills", "matrix", "faults", "events"] as const).flatMap(name =>
		values[name] === undefined ? [] : [`--${name} ${values[name]}`]
	);
	const tier = changes.length > 0 ? "changed" : values.tier;
	const packaged = values.packaged ? ["--packaged"] : [];
	return { tier, args: [`--tier ${values.tier}`, ...packaged, ...changes] };
}

const tier = tiers[knownWord(usage, values.tier, ["ci", "nightly"])];
const seed = number("seed", Math.floor(Math.random() * 1_000_000));
const faults = kinds();

/** Undefined if it is not wanted, or there is no Java for a broker. */
async function runKafkaPart(life: Lifecycle): Promise<KafkaRunReport | undefined> {
	const events = number("events", tier.log.events);
	if (events === 0) return undefined;
	const obstacle = whyNoKafka();
	if (obstacle) return void progress(`skipping the Kafka part: ${obstacle}`);
	progress("starting a Kafka broker and the nodes that use it");
	const folder = mkdtempSync(join(tmpdir(), "shop-proof-"));
	life.atEnd(() => rmSync(folder, { recursive: true, force: true }));
	return runOverKafka(
		{ root, folder, packaged: packagedPostgres() },
		{
			...tier.log,
			...logFaults,
			events,
			seed,
			withinMs: tier.withinMs,
			onProgress: progress,
			onCluster: cluster => life.atEnd(() => cluster.stop())
		}
	);
}

async function runTier(life: Lifecycle): Promise<void> {
	const startedAt = performance.now();
	progress(`seed ${seed}: starting Postgres, nats-server and the nodes`);
	const folder = mkdtempSync(join(tmpdir(), "shop-proof-"));
	life.atEnd(() => rmSync(folder, { recursive: true, force: true }));
	const options = {
		...tier,
		orders: number("orders", tier.orders),
		kills: number("kills", tier.kills),
		matrix: matrixSize(),
		seed,
		kinds: faults,
		providerFaults: 0.2,
		onProgress: progress
	};
	const packaged = values.packaged ? packagedPostgres() : undefined;
	if (values.packaged && !packaged) usageError(usage, "no Postgres is installed as a package");
	const cluster = { root, folder, nodes: matrixNodes, packaged };
	const runner = await ScenarioRunner.open(cluster, options);
	life.atEnd(() => runner.stop());
	const runShopPart = async () => {
		const result = await runChaos(runner, options);
		await runner.stop();
		return result;
	};
	const shopPart = runShopPart();
	if (!tier.isBeside) await shopPart;
	const [shop, log] = await Promise.all([shopPart, runKafkaPart(life)]);
	const proof = { ...shop, findings: [...shop.findings, ...(log?.findings ?? [])] };
	const runInfo = {
		...requestedRun(),
		commit: commit(),
		at: new Date(),
		tookMs: performance.now() - startedAt
	};
	const report = markdown(proof, log, runInfo);
	write(`${runInfo.tier}.md`, report);
	write(`${runInfo.tier}.json`, `${JSON.stringify({ ...runInfo, ...proof, log }, null, "\t")}\n`);
	const { passed, failed } = score(proof);
	console.log(`${report}\nseed ${seed}\n${passed} passed, ${failed} failed`);
	await life.end(failed > 0 ? 1 : 0);
}

run(values.bugs ? life => runPlantedBugs(life, values.only ?? "") : runTier);
