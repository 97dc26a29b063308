import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { configOfCommand, type Config } from "../config/index.ts";
import type { Health } from "../contracts/gateway.ts";
import { consumerGroups, type ConsumerLag } from "../contracts/streams.ts";
import { commandLine } from "../launch/process/command-line.ts";
import { explain } from "../launch/process/launch-error.ts";
import { within } from "../lib/retry.ts";
import { run } from "../launch/process/lifecycle.ts";
import { shownPath } from "../launch/shop/banner.ts";
import { databaseReport } from "../launch/shop/database-report.ts";
import { runningShop, type RunningShop } from "../launch/shop/running-shop.ts";
import { operatorToken, ShopApi } from "./api-client/shop-api.ts";
import { statusLines, type StatusFacts } from "./status/in-words.ts";

const usage = `Usage: npm run status
Says what runs on DATA_DIR: addresses, logs, database, migrations, backlog. Exits 0 when one is healthy, 3 when none runs,
and 1 when one runs that is not healthy.`;

commandLine(usage, {});

const answerWithinMs = 3000;

/** As of LSB init scripts: the program is not running. */
const notRunning = 3;

/** With the state of each service, where the shop's key is here. */
async function healthOf({ url }: RunningShop, config: Config): Promise<StatusFacts["health"]> {
	if (!url) return undefined;
	const signal = AbortSignal.timeout(answerWithinMs);
	const token = await operatorToken(config).catch(() => undefined);
	const headers: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {};
	try {
		return (await (await fetch(`${url}/health`, { signal, headers })).json()) as Health;
	} catch {
		return undefined;
	}
}

async function consumersOf(
	{ url }: RunningShop,
	config: Config
): Promise<StatusFacts["consumers"]> {
	if (!url) return undefined;
	const api = new ShopApi(url, () => operatorToken(config));
	const ask = async (group: string) => {
		const { waiting, dead_letters } = await api.send<ConsumerLag>("GET", `/ops/streams/${group}`);
		return { group, waiting, deadLetters: dead_letters };
	};
	return Promise.all(consumerGroups.map(ask)).catch(() => undefined);
}

/** Those that servers of the data folder write. */
function logsOf(dataDir: string): StatusFacts["logs"] {
	const files = [
		{ of: "Postgres", name: "postgres.log" },
		{ of: "nats-server", name: "nats.log" }
	];
	return files
		.map(({ of, name }) => ({ of, path: join(dataDir, name) }))
		.filter(({ path }) => existsSync(path));
}

run(async life => {
	const config = configOfCommand({ runsServices: false });
	const { dataDir } = config;
	const running = runningShop(dataDir);
	const databaseUrl = running?.databaseUrl ?? config.databaseUrl;
	const health = running && (await healthOf(running, config));
	let databaseProblem: string | undefined;
	const database = databaseUrl
		? await within(
				answerWithinMs,
				databaseReport(databaseUrl).catch(error => void (databaseProblem = explain(error).message))
			)
		: undefined;
	const shown = shownPath(resolve(dataDir));
	const lines = statusLines({
		running,
		dataDir: shown,
		hasData: existsSync(join(dataDir, "postgres")),
		health,
		database,
		databaseProblem,
		databaseUrl,
		brokers: running ? running.brokers : config.kafka?.brokers,
		consumers: health && running && (await within(answerWithinMs, consumersOf(running, config))),
		logs: logsOf(shown),
		now: new Date()
	});
	console.log(lines.join("\n"));
	await life.end(health?.status === "ok" ? 0 : running ? 1 : notRunning);
});
