import type { ServiceBroker } from "moleculer";
import manifest from "../../package.json" with { type: "json" };
import { startBus, stopBus } from "../../tests/support/servers/start-bus.ts";
import { NodeGauges } from "./node-gauges.ts";

let brokers: ServiceBroker[] = [];
afterEach(() => stopBus(brokers.splice(0)));

const pools = () => [{ pool: "durable", busy: 3, idle: 1, waiting: 2, max: 4 }];
const withPool = { name: "order", created: () => undefined };

async function start(...more: object[]): Promise<Map<string, number>> {
	brokers = await startBus([[withPool]]);
	Object.assign(brokers[0]!.getLocalService("order")!, { pg: { pools } }, ...more);
	return read(new NodeGauges(brokers[0]!));
}

async function read(gauges: NodeGauges): Promise<Map<string, number>> {
	const found = await gauges.read();
	gauges.stop();
	return new Map(
		found.map(({ name, labels, value }) => [[name, ...Object.values(labels)].join(" "), value])
	);
}

async function ticks(count: number): Promise<void> {
	for (let n = 0; n < count; n++) await new Promise(done => setTimeout(done, 2));
}

describe("the gauges of a node", () => {
	it("say its version and that of Node", async () => {
		const gauges = await start();
		expect(gauges.get(`shop_build_info ${manifest.version} ${process.version}`)).toBe(1);
	});

	it("say how its pools are used", async () => {
		const gauges = await start();
		expect(gauges.get("shop_database_connections order durable busy")).toBe(3);
		expect(gauges.get("shop_database_connections order durable idle")).toBe(1);
		expect(gauges.get("shop_database_connections_max order durable")).toBe(4);
		expect(gauges.get("shop_database_waiting_requests order durable")).toBe(2);
	});

	it("say how the pool of its models is used", async () => {
		const pool = { using: 1, available: 2, waiting: 5, maxSize: 4 };
		const gauges = await start({ model: { sequelize: { connectionManager: { pool } } } });
		expect(gauges.get("shop_database_connections order models busy")).toBe(1);
		expect(gauges.get("shop_database_waiting_requests order models")).toBe(5);
	});

	it.each([
		[Promise.resolve(1), 1],
		[Promise.reject(new Error("closed")), 0]
	])("say whether the bus answers", async (answer, value) => {
		answer.catch(() => undefined);
		brokers = await startBus([[withPool]]);
		Object.assign(brokers[0]!.transit!.tx, { client: { rtt: () => answer } });
		expect((await read(new NodeGauges(brokers[0]!))).get("shop_bus_connected nats")).toBe(value);
		Object.assign(brokers[0]!.transit!.tx, { client: undefined });
	});

	it("say nothing of a bus that the node does not have", async () => {
		brokers = await startBus([[withPool]], { broker: { transporter: null } });
		expect((await read(new NodeGauges(brokers[0]!))).has("shop_bus_connected nats")).toBe(false);
	});

	it("count the breakers that are open on it", async () => {
		const fails = {
			name: "payment",
			actions: {
				get: {
					access: "anyone",
					handler() {
						throw Object.assign(new Error("no database"), { code: "ECONNREFUSED" });
					}
				}
			}
		};
		brokers = await startBus([[withPool], [fails]]);
		const count = async () =>
			(await read(new NodeGauges(brokers[0]!))).get("shop_action_breakers_open");
		expect(await count()).toBe(0);
		for (let n = 0; n < 4; n++) await brokers[0]!.call("payment.get", {}).catch(() => undefined);
		expect(await count()).toBe(1);
	});

	it("say how late a timer ran at most since the last reading", async () => {
		brokers = await startBus([[withPool]]);
		const gauges = new NodeGauges(brokers[0]!, 1);
		const delay = async () =>
			(await gauges.read()).find(({ name }) => name === "shop_event_loop_delay_max_seconds")!.value;
		await ticks(200);
		for (const until = performance.now() + 300; performance.now() < until;);
		// With these the block is less than 1 % of the samples.
		await ticks(200);
		const blocked = await delay();
		expect(blocked).toBeGreaterThan(0.1);
		// Nothing is left of a window that was read.
		expect(await delay()).toBeLessThan(blocked);
		gauges.stop();
	});
});
