import { envFile } from "../config/env-file.ts";
import { serviceNames } from "../config/index.ts";
import { banner } from "../launch/shop/banner.ts";
import {
	nodeEnvironment,
	planNodes,
	sharedEnvironment,
	type NodePlan
} from "../launch/shop/cluster-plan.ts";
import type { NodeUrls } from "../launch/shop/broker.ts";
import { type ShopEnvironment, prepareShop, progress } from "../launch/shop/prepare-shop.ts";
import { adminHint } from "../launch/shop/owner-database.ts";
import { LaunchError } from "../launch/process/launch-error.ts";
import {
	type Lifecycle,
	run,
	stopNodesWithinMs,
	stopWithinMs
} from "../launch/process/lifecycle.ts";
import { startNats } from "../launch/servers/nats-server.ts";
import { commandLine, usageError } from "../launch/process/command-line.ts";
import { SupervisedProcess } from "../launch/process/supervisor.ts";
import { within } from "../lib/retry.ts";
import { type OpenMessage, unreadyLines } from "./node/readiness.ts";

const usage = `Usage: npm run cluster [-- [--fresh] order=3 payment=2 …]
One process per service over nats-server; name=count starts more of one.
  --fresh   forget the embedded database, its orders and the generated keys first`;

const { values, positionals } = commandLine(usage, { fresh: { type: "boolean" } }, true);

function plannedNodes(): NodePlan[] {
	try {
		return planNodes(positionals);
	} catch (error) {
		return usageError(usage, (error as Error).message);
	}
}

async function bus(life: Lifecycle, { config, data }: ShopEnvironment): Promise<string> {
	if (config.natsUrl) return config.natsUrl;
	const onCrash = (reason: string) => void life.fail(new LaunchError(reason));
	const server = await startNats({ directory: data.path, progress, onCrash });
	life.atEnd(() => server.stop());
	return server.url;
}

/** Services that call no other one. */
const callees = ["user", "product", "payment"];
/** Nodes that accept requests are stopped before those that serve them. */
const stopOrder = [["gateway"], serviceNames.filter(name => !callees.includes(name)), callees];

/** A gateway that ended meanwhile sends it once it has started again. */
const openWithinMs = 20_000;

interface StartedNodes {
	/** By the name of the node. */
	urls: ReadonlyMap<string, NodeUrls>;
	/** Services that are not ready, as the gateways see it. */
	unready: readonly string[];
}

async function startNodes(
	life: Lifecycle,
	nodes: NodePlan[],
	environment: ShopEnvironment,
	natsUrl: string
): Promise<StartedNodes> {
	const urls = new Map<string, NodeUrls>();
	const opened = new Map(
		nodes
			.filter(({ service }) => service === "gateway")
			.map(({ name }) => [name, Promise.withResolvers<string[]>()])
	);
	const onMessage = (name: string, message: { urls: NodeUrls } | OpenMessage) => {
		if ("urls" in message) urls.set(name, message.urls);
		else opened.get(name)?.resolve(message.unready);
	};
	const common = { ...sharedEnvironment(process.env), NATS_URL: natsUrl };
	const { shutdownDelayMs } = environment.config.connections;
	const forceAfterMs = (service: string) =>
		stopWithinMs + (service === "gateway" ? shutdownDelayMs : 0);
	const { config, isAnyPort } = environment;
	const secretsOf = ({ index }: NodePlan) =>
		isAnyPort && index > 0 ? { ...config, port: 0 } : config;
	const supervised = nodes.map(node => ({
		service: node.service,
		process: new SupervisedProcess(
			node.name,
			{ ...common, ...nodeEnvironment(node, secretsOf(node), process.env) },
			{
				forceAfterMs: forceAfterMs(node.service),
				onMessage: message => onMessage(node.name, message as { urls: NodeUrls } | OpenMessage)
			}
		)
	}));
	life.atEnd(async () => {
		for (const services of stopOrder)
			await Promise.all(
				supervised
					.filter(({ service }) => services.some(name => name === service))
					.map(s => s.process.stop())
			);
	});
	await Promise.all(supervised.map(node => node.process.start()));
	const gateways = Promise.all([...opened.values()].map(({ promise }) => promise));
	const unready = (await within(openWithinMs, gateways)) ?? [["gateway"]];
	return { urls, unready: [...new Set(unready.flat())] };
}

/** Where nodes serve what has a port of its own there. */
function portLines(
	title: string,
	urls: ReadonlyMap<string, NodeUrls>,
	kind: "health" | "metrics"
): string[] {
	const found = [...urls].flatMap(([name, { [kind]: url }]) =>
		url ? [`  ${name.padEnd(15)} ${url}`] : []
	);
	return found.length > 0 ? [title, ...found] : [];
}

const nodes = plannedNodes();

run(async life => {
	const services = nodes.map(({ service }) => service);
	const environment = await prepareShop(life, {
		command: "cluster",
		fresh: values.fresh,
		services
	});
	const { config, embedded, announce } = environment;
	const natsUrl = await bus(life, environment);
	// `npm run repl` can join even while the nodes are starting.
	announce({ natsUrl });
	progress(`starting ${nodes.length} nodes`);
	const { urls, unready } = await startNodes(life, nodes, environment, natsUrl);
	const runs = [
		`Nodes:    ${nodes.map(({ name }) => name).join(", ")}; join them with npm run repl`,
		...portLines("Health of nodes:", urls, "health"),
		...portLines("Metrics of nodes:", urls, "metrics")
	];
	const { shop: url, health, metrics } = urls.get("gateway-1") ?? {};
	if (life.ending) return;
	announce({
		ready: true,
		url,
		health,
		metrics,
		nodes: nodes.map(({ name }) => ({ name, metrics: urls.get(name)?.metrics }))
	});
	const facts = {
		command: "cluster" as const,
		settings: envFile(),
		adminHint: await adminHint(config.databaseUrl)
	};
	for (const line of unreadyLines(unready)) console.log(line);
	console.log(banner({ ...config, url: url!, metrics, ...facts, embedded, runs }));
}, stopNodesWithinMs);
