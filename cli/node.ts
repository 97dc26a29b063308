import { flushCompileCache } from "node:module";
import { serviceNames, configOfLauncher, useConfig } from "../config/index.ts";
import { assertNodeServers } from "../config/node-servers.ts";
import { nodeUrls, runBroker } from "../launch/shop/broker.ts";
import { DataFolder } from "../launch/shop/data-folder.ts";
import { freePort } from "../launch/process/free-port.ts";
import { listenForFailpointCommands } from "../launch/shop/failpoint-commands.ts";
import { checkNats } from "../launch/servers/nats-connection.ts";
import { tokenKeys } from "../launch/shop/token-keys.ts";
import { run } from "../launch/process/lifecycle.ts";
import { useLogFormat } from "../launch/process/log-format.ts";
import { commandLine } from "../launch/process/command-line.ts";
import { type OpenMessage, unreadyServices } from "./node/readiness.ts";

const usage = `Usage: SERVICES=order NATS_URL=nats://… DATABASE_URL=postgres://… npm run node
Runs one node of the shop on a bus and a database that are there already (npm run migrate).`;

const othersWithinMs = 20_000;

commandLine(usage, {});

/** Without a function a message to a launcher that is gone ends this process, in the middle of its stop. */
function report(message: object | string): void {
	if (process.connected) process.send!(message, () => undefined);
}

run(async life => {
	const { config } = await configOfLauncher(freePort);
	useLogFormat(config);
	assertNodeServers(config);
	if (config.natsUrl) await checkNats(config.natsUrl, true);
	const needsKeys = config.services.some(name => name === "gateway" || name === "user");
	const keys = needsKeys && tokenKeys(config, () => new DataFolder(config.dataDir).tokenKey);
	life.extendStop(config.connections.shutdownDelayMs);
	useConfig({ ...config, token: { ...config.token, ...keys } });
	listenForFailpointCommands();
	const broker = await runBroker(life);
	// Nodes that start together discover each other some moments later; before that, calls fail.
	await broker
		.waitForServices([...serviceNames], othersWithinMs)
		.catch(() => console.log("not all services of the shop are on the bus yet"));
	if (life.ending) return;
	const urls = nodeUrls(broker);
	const listens = Object.entries(urls).map(([what, url]) => `${what} ${url}`);
	const where = listens.length > 0 ? `; ${listens.join(", ")}` : "";
	console.log(`ready: ${config.services.join(", ")} as ${broker.nodeID}${where}`);
	// A cluster's launcher holds the other end: when it is killed, its nodes end too.
	process.once("disconnect", () => void life.end(0));
	report({ urls });
	report("ready");
	// Node writes its cache at an exit, which a killed node never comes to; not before the first requests.
	setTimeout(flushCompileCache, 1000).unref();
	if (!process.connected || !config.services.includes("gateway")) return;
	const unready = await unreadyServices(broker, life);
	report({ unready } satisfies OpenMessage);
});
