import { join } from "node:path";
import { pathToFileURL } from "node:url";
import {
	type BrokerOptions,
	type Middleware,
	type Service,
	ServiceBroker,
	type ServiceSchema
} from "moleculer";
import { config } from "../../config/index.ts";
import { ownUrl } from "../../config/own-url.ts";
import brokerOptions from "../../moleculer.config.ts";
import { within } from "../../lib/retry.ts";
import { openOperatorSocket } from "./operator-socket.ts";
import { explainListen } from "../process/launch-error.ts";
import type { Lifecycle } from "../process/lifecycle.ts";
import { nameNode } from "../process/log-format.ts";

interface Extras {
	/** By name. */
	services?: readonly string[];
	/** Besides these. */
	schemas?: readonly ServiceSchema[];
	middlewares?: Middleware[];
	replOptions?: BrokerOptions["replOptions"];
}

async function schemaOf(name: string): Promise<ServiceSchema> {
	const path = join(import.meta.dirname, `../../services/${name}/${name}.service.ts`);
	return (await import(pathToFileURL(path).href)).default;
}

/** The services of this node, and those of metrics and health if they have a port. A gateway serves its own health. */
function configuredServices(): string[] {
	const { services, metricsPort, healthPort } = config();
	const isGateway = services.includes("gateway");
	return [
		...services,
		...(isGateway || metricsPort !== undefined ? ["metrics"] : []),
		...(!isGateway && healthPort !== undefined ? ["health"] : [])
	];
}

function explained(error: unknown): never {
	const { host, port, metricsPort, healthPort } = config();
	const ports = { PORT: port, METRICS_PORT: metricsPort, HEALTH_PORT: healthPort };
	throw explainListen(error, { host, ports });
}

/** Starts this process as a node with the services of `config()`. @throws LaunchError */
export async function startBroker({
	services,
	schemas = [],
	middlewares = [],
	replOptions
}: Extras = {}) {
	const names = services ?? configuredServices();
	const options = brokerOptions();
	const broker = new ServiceBroker({
		...options,
		replOptions,
		middlewares: [...options.middlewares!, ...middlewares]
	});
	nameNode(config(), broker.nodeID);
	for (const name of names) broker.createService(await schemaOf(name));
	for (const schema of schemas) broker.createService(schema);
	await broker.start().catch(explained);
	return broker;
}

/** A stop waits so long for a start: Moleculer waits for its bus without end. */
const startWaitMs = 5000;

/** Starts this process as a node, and stops it when the process ends, which may be while it starts. @throws LaunchError */
export async function runBroker(life: Lifecycle, extras?: Extras): Promise<ServiceBroker> {
	const starting = startBroker(extras);
	life.atEnd(async () => {
		const broker = await within(startWaitMs, starting).catch(() => undefined);
		await broker?.stop();
	});
	const broker = await starting;
	const { operatorSocket } = config();
	if (operatorSocket && !life.ending) life.atEnd(await openOperatorSocket(broker, operatorSocket));
	return broker;
}

/** URLs at which this host reaches a node, as it sends them to its launcher. */
export interface NodeUrls {
	/** Of the gateway, if it runs one. */
	shop?: string;
	/** Of the gateway's health, if it has a port of its own. */
	health?: string;
	/** Of its metrics, if they have a port of their own. */
	metrics?: string;
}

type WithPorts = Service & { port(): number | undefined; healthPort?(): number | undefined };

/** What this node listens on. */
export function nodeUrls(broker: ServiceBroker): NodeUrls {
	const serviceOf = (name: string) => broker.getLocalService(name) as WithPorts | undefined;
	const urlOf = (port: number | undefined) =>
		port === undefined ? undefined : ownUrl({ HOST: config().host, PORT: port });
	const shop = urlOf(serviceOf("gateway")?.port());
	const health = urlOf((serviceOf("gateway") ?? serviceOf("health"))?.healthPort?.());
	const metrics = urlOf(serviceOf("metrics")?.port());
	return {
		...(shop && { shop }),
		...(health && { health: `${health}/health` }),
		...(metrics && { metrics: `${metrics}/metrics` })
	};
}
