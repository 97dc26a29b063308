import { setTimeout as delay } from "node:timers/promises";
import { type Context, ServiceBroker, type ServiceSchema } from "moleculer";
import { ErrorCode, type NatsConnection, type NatsError } from "nats";
import { Proxy } from "../../../chaos/cluster/proxy.ts";
import { toConfig, useConfig } from "../../../config/index.ts";
import { readEnvironment } from "../../../config/read-environment.ts";
import { type NatsServer, startNats } from "../../../launch/servers/nats-server.ts";
import brokerOptions from "../../../moleculer.config.ts";
import { errorOf } from "../../support/expect-failure.ts";
import { temporaryFolder } from "../../support/servers/temporary-folder.ts";
import { until } from "../../support/until.ts";

/**
 * A node that ends without a DISCONNECT packet, as after SIGKILL: only nats-server knows that it has no connection.
 * Time limits of calls are below the 5 s after which missed heartbeats would tell them.
 */

let nats: NatsServer;
let proxy: Proxy;
let running: ServiceBroker[] = [];
/** Longer than a connection is lost, and than a lost node is waited for. */
const slowMs = 4500;
/** The nodes that ran the command, by its number. */
const runs = new Map<number, string[]>();

const payments = {
	name: "payments",
	actions: {
		charge: {
			access: "anyone",
			handler(this: { broker: ServiceBroker }, ctx: Context<{ n: number }>) {
				runs.set(ctx.params.n, [...(runs.get(ctx.params.n) ?? []), this.broker.nodeID]);
				return this.broker.nodeID;
			}
		},
		/** Records that it began, and takes a while. */
		slow: {
			access: "anyone",
			async handler(this: { broker: ServiceBroker }, ctx: Context<{ n: number }>) {
				runs.set(ctx.params.n, [...(runs.get(ctx.params.n) ?? []), this.broker.nodeID]);
				await delay(slowMs);
				return this.broker.nodeID;
			}
		}
	}
};

async function node(NATS_URL: string, services: object[]): Promise<ServiceBroker> {
	const env = { NODE_ENV: "test", LOG_LEVEL: "fatal", SHOP_NAMESPACE: "undelivered", NATS_URL };
	useConfig(toConfig(readEnvironment(env)));
	const broker = new ServiceBroker({ ...brokerOptions(), tracking: { enabled: false } });
	for (const schema of services) broker.createService(schema as ServiceSchema);
	running.push(broker);
	await broker.start();
	return broker;
}

const nodesOf = (caller: ServiceBroker): string[] =>
	(
		caller.registry as unknown as {
			getActionEndpoints(name: string): { endpoints: { id: string }[] } | undefined;
		}
	)
		.getActionEndpoints("payments.charge")
		?.endpoints.map(({ id }) => id) ?? [];

beforeAll(async () => {
	nats = await startNats({
		directory: temporaryFolder(),
		progress: () => undefined,
		onCrash: reason => console.error(reason)
	});
}, 60_000);

beforeEach(async () => {
	runs.clear();
	proxy = await Proxy.open(nats.url);
});

afterEach(async () => {
	await proxy.close();
	for (const { transit } of running)
		Object.assign((transit as unknown as { opts: object }).opts, { disableReconnect: true });
	await Promise.all(running.map(broker => clientOf(broker).close()));
	await Promise.all(running.map(broker => broker.stop()));
	running = [];
});

afterAll(() => nats?.stop(), 30_000);

const clientOf = (broker: ServiceBroker) =>
	(broker as unknown as { transit: { tx: { client: NatsConnection } } }).transit.tx.client;

/** Until the bus knows that the node has no connection. */
const isGone = (caller: ServiceBroker, nodeId: string): Promise<boolean> =>
	until(() =>
		clientOf(caller)
			.request(`MOL-undelivered.PONG.${nodeId}`, "{}", { timeout: 200 })
			.then(
				() => false,
				error => (error as NatsError).code === ErrorCode.NoResponders
			)
	);

/** A caller, a node that can be cut off, and the one that stays. */
async function nodes() {
	const caller = await node(nats.url, []);
	const lost = await node(proxy.url, [payments]);
	const left = await node(nats.url, [payments]);
	await until(() => nodesOf(caller).length === 2);
	return { caller, lost: lost.nodeID, left: left.nodeID };
}

const slow = (caller: ServiceBroker, n: number, options: object = {}): Promise<string> =>
	caller.call("payments.slow", { n }, { timeout: 20_000, ...options });

const charge = (caller: ServiceBroker, n: number, options: object = {}): Promise<string> =>
	caller.call("payments.charge", { n }, { timeout: 2000, ...options });

it("gets no call any more: each goes to another node, and runs once", async () => {
	const { caller, lost, left } = await nodes();
	const before = await Promise.all([charge(caller, -1), charge(caller, -2)]);
	expect(before.sort()).toEqual([left, lost].sort());
	await proxy.close();
	await isGone(caller, lost);
	const numbers = Array.from({ length: 20 }, (_, n) => n);
	expect(new Set(await Promise.all(numbers.map(n => charge(caller, n))))).toEqual(new Set([left]));
	for (const n of numbers) expect(runs.get(n)).toEqual([left]);
	expect(nodesOf(caller)).toEqual([left]);
});

it("ends the calls that it had received, and none of them runs again", async () => {
	const { caller, lost, left } = await nodes();
	const numbers = [31, 32];
	const received = numbers.map(n =>
		slow(caller, n).then(
			nodeId => nodeId,
			error => (error as { type: string }).type
		)
	);
	await until(() => runs.size === numbers.length);
	await proxy.close();
	await isGone(caller, lost);
	expect(await Promise.all([charge(caller, 1), charge(caller, 2)])).toEqual([left, left]);
	expect((await Promise.all(received)).sort()).toEqual(["REQUEST_REJECTED", left].sort());
	for (const n of numbers) expect(runs.get(n)).toHaveLength(1);
}, 40_000);

it("goes on with the calls that it has received when it lost its connection for a moment", async () => {
	const { caller, lost } = await nodes();
	const received = [31, 32].map(n => slow(caller, n));
	await until(() => runs.size === 2);
	proxy.cut();
	await isGone(caller, lost);
	await Promise.all([charge(caller, 1), charge(caller, 2)]);
	expect(await Promise.all(received)).toContain(lost);
	await until(() => nodesOf(caller).includes(lost), 20_000);
}, 40_000);

it("is not replaced in a call that names it", async () => {
	const { caller, lost } = await nodes();
	await proxy.close();
	await isGone(caller, lost);
	expect(await errorOf(charge(caller, 0, { nodeID: lost }))).toMatchObject({
		type: "REQUEST_REJECTED"
	});
	expect(runs.get(0)).toBeUndefined();
});

it("was the last one: the service is not available, until a node is back", async () => {
	const caller = await node(nats.url, []);
	const { nodeID } = await node(proxy.url, [payments]);
	await until(() => nodesOf(caller).length === 1);
	await proxy.close();
	await isGone(caller, nodeID);
	// Not found if its actions were forgotten before; both are "unavailable" to customers (http/problem.ts).
	const { type } = (await errorOf(charge(caller, 0))) as { type?: string };
	expect(type).toMatch(/^SERVICE_NOT_(FOUND|AVAILABLE)$/);
	const back = await node(nats.url, [payments]);
	await until(() => nodesOf(caller).includes(back.nodeID));
	expect(await charge(caller, 1)).toBe(back.nodeID);
});

it("is called again after a connection that was cut for a moment", async () => {
	const { caller, lost } = await nodes();
	proxy.cut();
	await isGone(caller, lost);
	await Promise.all([charge(caller, 0), charge(caller, 1), charge(caller, 2)]);
	await until(() => nodesOf(caller).includes(lost), 20_000);
	await until(async () => (await charge(caller, 3)) === lost);
}, 40_000);
