import { randomBytes } from "node:crypto";
import { ServiceBroker, type BrokerOptions, type ServiceSchema } from "moleculer";
import { readEnvironment } from "../../../config/read-environment.ts";
import { toConfig, useConfig, type Config } from "../../../config/index.ts";
import brokerOptions from "../../../moleculer.config.ts";

/**
 * Starts one broker per list of services, with the product's options, on a bus in this process:
 * messages are serialised as over NATS.
 */
export async function startBus(
	nodes: ServiceSchema[][],
	overrides: { config?: Partial<Config>; broker?: BrokerOptions } = {}
): Promise<ServiceBroker[]> {
	const namespace = `test-${randomBytes(4).toString("hex")}`;
	const env = readEnvironment({ NODE_ENV: "test", SHOP_NAMESPACE: namespace });
	useConfig({ ...toConfig(env), ...overrides.config });
	const brokers = nodes.map(schemas => {
		const options: BrokerOptions = {
			...brokerOptions(),
			transporter: "Fake",
			logger: false,
			...overrides.broker
		};
		const broker = new ServiceBroker(options);
		for (const schema of schemas) broker.createService(schema);
		return broker;
	});
	await Promise.all(brokers.map(broker => broker.start()));
	const names = nodes.flat().map(({ name }) => name);
	await Promise.all(brokers.map(broker => broker.waitForServices(names, 5000, 10)));
	return brokers;
}

export async function stopBus(brokers: ServiceBroker[]): Promise<void> {
	await Promise.all(brokers.map(broker => broker.stop()));
}
