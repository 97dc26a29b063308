import { join } from "node:path";
import { envFile } from "../config/env-file.ts";
import { commandLine } from "../launch/process/command-line.ts";
import { run } from "../launch/process/lifecycle.ts";
import { explain } from "../launch/process/launch-error.ts";
import { banner } from "../launch/shop/banner.ts";
import type { NodeUrls } from "../launch/shop/broker.ts";
import { adminHint } from "../launch/shop/owner-database.ts";
import { prepareDatabase, prepareShop, progress } from "../launch/shop/prepare-shop.ts";
import { unreadyLines } from "./node/readiness.ts";
import { logLine } from "./dev/log-line.ts";
import { watchSource } from "./dev/source-watcher.ts";
import { WatchedShop } from "./dev/watched-shop.ts";

const usage = `Usage: npm run dev [-- --fresh]
Runs the shop as npm start does, and starts it again when its source changes; the database goes on running. A new
migration is run before; one that has run must not change any more. LOG_LEVEL is info by default, which logs each request.
  --fresh   forget the embedded database, its orders and the generated keys first`;

const { values } = commandLine(usage, { fresh: { type: "boolean" } });

const root = join(import.meta.dirname, "..");

function print(line: string): void {
	const shown = logLine(line, process.stdout.isTTY);
	if (shown !== undefined) console.log(shown);
}

run(async life => {
	const { config, embedded, announce } = await prepareShop(life, {
		command: "dev",
		fresh: values.fresh
	});
	const hint = await adminHint(config.databaseUrl);
	const facts = { command: "dev" as const, settings: envFile(), adminHint: hint };
	let startedAt = performance.now();
	let isFirst = true;
	let urls: NodeUrls = {};
	const onReady = (now: NodeUrls) => {
		urls = now;
		const { shop: url, ...ports } = urls;
		announce({ ready: true, ended: false, url, ...ports });
		if (isFirst && url) return;
		print(`ready after ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
	};
	const onOpen = (unready: string[]) => {
		if (!isFirst) return;
		isFirst = false;
		for (const line of unreadyLines(unready)) console.log(line);
		const { shop: url, ...ports } = urls;
		console.log(banner({ ...config, url: url!, ...ports, ...facts, embedded }));
	};
	const shop = new WatchedShop({
		environment: {
			LOG_LEVEL: "info",
			NODE_COMPILE_CACHE: join(root, ".cache/compile"),
			...process.env,
			ENV_FILE: "/dev/null",
			LOG_FORMAT: "text",
			PORT: String(config.port),
			PUBLIC_URL: config.publicUrl,
			DATA_DIR: config.dataDir,
			DATABASE_URL: config.databaseUrl,
			...(config.operatorSocket && { OPERATOR_SOCKET: config.operatorSocket }),
			// No load balancer has to see that it stops.
			SHUTDOWN_DELAY_MS: "0"
		},
		print,
		onReady,
		onOpen,
		onEnd: () => {
			announce({ ready: false, ended: true });
			print("The shop has ended: it starts again when its source changes.");
		}
	});
	life.atEnd(() => shop.stop());
	const onChange = (files: string[]) => {
		if (life.ending) return;
		startedAt = performance.now();
		announce({ ready: false, ended: false });
		print(`changed: ${files.join(", ")}`);
		const isMigration = files.some(file => file.endsWith(".sql"));
		void shop.replace(async () => {
			if (!isMigration) return;
			await prepareDatabase(config.databaseUrl, config).catch(error =>
				console.error(explain(error).message)
			);
		});
	};
	life.atEnd(watchSource(root, onChange));
	progress("starting the services");
	await shop.replace();
});
