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
import brokerOptions from "../../moleculer.config.ts";
import { explainListen } from "../process/launch-error.ts";

interface Extras {
	services?: readonly string[];
	middlewares?: Middleware[];
	replOptions?: BrokerOptions["replOptions"];
}

async function schemaOf(name: string): Promise<ServiceSchema> {
	const path = join(import.meta.dirname, `../../services/${name}/${name}.service.ts`);
	return (await import(pathToFileURL(path).href)).default;
}

/** The services of this node, and the metrics service if it has a port. */
function configuredServices(): string[] {
	const { services, metricsPort } = config();
	const readable = services.includes("gateway") || metricsPort !== undefined;
	return readable ? [...services, "metrics"] : [...services];
}

function explained(error: unknown): never {
	throw explainListen(error, config());
}

/** Starts this process as a node with the services of `config()`. @throws LaunchError */
export async function startBroker({ services, middlewares = [], replOptions }: Extras = {}) {
	const names = services ?? configuredServices();
	const options = brokerOptions();
	const broker = new ServiceBroker({
		...options,
		replOptions,
		middlewares: [...options.middlewares!, ...middlewares]
	});
	for (const name of names) broker.createService(await schemaOf(name));
	await broker.start().catch(explained);
	return broker;
}

/** The gateway's address, undefined on a node without one. */
export function gatewayUrl(broker: ServiceBroker): string | undefined {
	const gateway = broker.getLocalService("gateway") as (Service & { port(): number }) | undefined;
	if (!gateway) return undefined;
	const host = config().host.replace(/^(0\.0\.0\.0|::)$/, "127.0.0.1");
	return `http://${host}:${gateway.port()}`;
}
