import { type Context, ServiceBroker, type ServiceSchema } from "moleculer";
import { Proxy } from "../../../chaos/cluster/proxy.ts";
import { toConfig, useConfig } from "../../../config/index.ts";
import { readEnvironment } from "../../../config/read-environment.ts";
import { type NatsServer, startNats } from "../../../launch/servers/nats-server.ts";
import brokerOptions from "../../../moleculer.config.ts";
import { temporaryFolder } from "../../support/servers/temporary-folder.ts";
import { until } from "../../support/until.ts";

/** A bus whose connection to one node is silent and is never reset. */

const echo = {
	name: "echo",
	actions: { echo: { access: "anyone", handler: (ctx: Context) => ctx.params } }
};

let nats: NatsServer;
let proxy: Proxy;
const brokers: ServiceBroker[] = [];

beforeAll(async () => {
	nats = await startNats({
		directory: temporaryFolder(),
		progress: () => undefined,
		onCrash: reason => console.error(reason)
	});
	proxy = await Proxy.open(nats.url);
}, 60_000);

afterAll(async () => {
	await Promise.all(brokers.map(broker => broker.stop()));
	await proxy?.close();
	await nats?.stop();
}, 60_000);

async function node(NATS_URL: string, services: ServiceSchema[]): Promise<ServiceBroker> {
	const env = { NODE_ENV: "test", LOG_LEVEL: "fatal", SHOP_NAMESPACE: "silence", NATS_URL };
	useConfig(toConfig(readEnvironment(env)));
	const broker = new ServiceBroker(brokerOptions());
	for (const schema of services) broker.createService(schema);
	brokers.push(broker);
	await broker.start();
	await broker.waitForServices("echo", 10_000, 50);
	return broker;
}

const answers = (broker: ServiceBroker) =>
	broker.call("echo.echo", { n: 1 }, { timeout: 500 }).then(
		() => true,
		() => false
	);

it("is given up after seconds, by a node that calls and by one that is called", async () => {
	const callee = await node(proxy.url, [echo]);
	const caller = await node(nats.url, []);
	expect(await answers(caller)).toBe(true);
	// A second connection is given up as the first one is.
	for (let n = 0; n < 2; n++) {
		proxy.silence();
		await until(async () => !(await answers(caller)), 20_000);
		await until(async () => await answers(caller), 40_000);
	}
	expect(await callee.call("echo.echo", { n: 2 })).toEqual({ n: 2 });
}, 150_000);

it("that accepts a connection and says nothing is tried again", async () => {
	const caller = brokers[1]!;
	proxy.mode = "stall";
	proxy.cut();
	await until(async () => !(await answers(caller)), 20_000);
	await new Promise(resolve => setTimeout(resolve, 3000));
	proxy.silence();
	proxy.mode = "pass";
	await until(async () => await answers(caller), 40_000);
}, 90_000);
