import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";
import { type Context, ServiceBroker, type ServiceSchema } from "moleculer";
import { Proxy } from "../../../chaos/cluster/proxy.ts";
import { toConfig, useConfig } from "../../../config/index.ts";
import { readEnvironment } from "../../../config/read-environment.ts";
import { checkNats } from "../../../launch/servers/nats-connection.ts";
import { type NatsServer, startNats } from "../../../launch/servers/nats-server.ts";
import brokerOptions from "../../../moleculer.config.ts";
import { temporaryFolder } from "../../support/servers/temporary-folder.ts";
import { startUnaccepting } from "../../support/servers/unaccepting.ts";
import { errorOf } from "../../support/expect-failure.ts";
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

function brokerAt(NATS_URL: string): ServiceBroker {
	const env = { NODE_ENV: "test", LOG_LEVEL: "fatal", SHOP_NAMESPACE: "silence", NATS_URL };
	useConfig(toConfig(readEnvironment(env)));
	return new ServiceBroker(brokerOptions());
}

async function node(NATS_URL: string, services: ServiceSchema[]): Promise<ServiceBroker> {
	const broker = brokerAt(NATS_URL);
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

it("that takes no connection is tried again, each time for a bounded time", async () => {
	const server = await startUnaccepting();
	const sockets: Socket[] = [];
	const watch = (made: unknown) => sockets.push((made as { socket: Socket }).socket);
	subscribe("net.client.socket", watch);
	const broker = brokerAt(`nats://127.0.0.1:${server.port}`);
	void broker.start();
	try {
		const startedAt = performance.now();
		// An attempt ends after 5 s (after 20 s by default), and the next one comes 5 s later.
		await until(() => sockets.length >= 2, 17_500);
		expect(performance.now() - startedAt).toBeGreaterThan(9000);
	} finally {
		unsubscribe("net.client.socket", watch);
		// A broker that was never connected goes on trying after its stop, and here its process does not end.
		Object.assign((broker.transit as unknown as { opts: object }).opts, { disableReconnect: true });
		await broker.stop();
		for (const socket of sockets) socket.destroy();
		await server.stop();
	}
}, 40_000);

describe("the check of the bus at a start", () => {
	/** Its message, and after how long (ms) it was known. */
	async function failed(url: string) {
		const startedAt = performance.now();
		const { message } = (await errorOf(checkNats(url))) as Error;
		return { message, afterMs: performance.now() - startedAt };
	}

	/** Midway between its limit and the one of nats.js (20 s). */
	const checkedWithinMs = 11_500;

	it("fails when the server takes no connection", async () => {
		const server = await startUnaccepting();
		const { message, afterMs } = await failed(`nats://127.0.0.1:${server.port}`);
		await server.stop();
		expect(message).toMatch("(TIMEOUT)");
		expect(afterMs).toBeLessThan(checkedWithinMs);
	}, 30_000);

	it("fails when the server takes a connection and says nothing", async () => {
		proxy.mode = "stall";
		const { message, afterMs } = await failed(proxy.url);
		expect(message).toMatch("(TIMEOUT)");
		expect(afterMs).toBeLessThan(checkedWithinMs);
		proxy.cut();
		proxy.mode = "pass";
		await expect(checkNats(proxy.url)).resolves.toBeUndefined();
	}, 30_000);
});
