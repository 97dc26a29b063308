import { envFile } from "../config/env-file.ts";
import { useConfig } from "../config/index.ts";
import { banner } from "../launch/shop/banner.ts";
import { prepareShop, progress } from "../launch/shop/prepare-shop.ts";
import { adminHint } from "../launch/shop/owner-database.ts";
import { run } from "../launch/process/lifecycle.ts";
import { commandLine } from "../launch/process/command-line.ts";
import { unreadyLines, unreadyServices } from "./node/readiness.ts";

const usage = `Usage: npm start [-- --fresh]
  --fresh   forget the embedded database, its orders and the generated keys first
Settings are environment variables; .env.example lists them.`;

const { values } = commandLine(usage, { fresh: { type: "boolean" } });

run(async life => {
	const { config, embedded, announce } = await prepareShop(life, {
		command: "start",
		fresh: values.fresh
	});
	useConfig(config);
	progress("starting the services");
	const { nodeUrls, runBroker } = await import("../launch/shop/broker.ts");
	const broker = await runBroker(life);
	if (life.ending) return;
	const { shop: url, ...ports } = nodeUrls(broker);
	const unready = url ? await unreadyServices(broker, life) : [];
	if (life.ending) return;
	announce({ ready: true, url, ...ports });
	const facts = {
		command: "start" as const,
		settings: envFile(),
		adminHint: await adminHint(config.databaseUrl)
	};
	for (const line of unreadyLines(unready)) console.log(line);
	console.log(
		url
			? banner({ ...config, url, ...ports, ...facts, embedded })
			: `Running ${config.services.join(", ")}`
	);
});
