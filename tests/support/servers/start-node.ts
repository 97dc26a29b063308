import { ServiceBroker, type ServiceSchema } from "moleculer";
import { toConfig, useConfig, type Config } from "../../../config/index.ts";
import { readEnvironment } from "../../../config/read-environment.ts";
import brokerOptions from "../../../moleculer.config.ts";

/**
 * Starts services in this process on a test database, as a node without a bus.
 * @param environment as in the process environment, e.g. `{ DATABASE_URL: database.url }`
 */
export async function startNode(
	services: ServiceSchema[],
	environment: Record<string, string>,
	overrides: Partial<Config> = {}
): Promise<ServiceBroker> {
	const own = { NODE_ENV: "test", LOG_LEVEL: "error", PORT: "0", ORDER_MAX_OPEN: "0" };
	const env = readEnvironment({ ...own, ...environment });
	useConfig({ ...toConfig(env), ...overrides });
	const broker = new ServiceBroker(brokerOptions());
	for (const schema of services) broker.createService(schema);
	try {
		await broker.start();
	} catch (error) {
		await broker.stop().catch(() => undefined);
		throw error;
	}
	return broker;
}
