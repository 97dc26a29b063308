import type { ServiceBroker } from "moleculer";
import { startBus, stopBus } from "../../tests/support/servers/start-bus.ts";
import { NodeChecks } from "./node-checks.ts";

const part = (name: string, ready: () => unknown) => ({
	name,
	actions: { ready: { access: "anyone", handler: ready } }
});
const isUp = () => ({ ok: true });
const isDown = () => {
	throw Object.assign(new Error("no database"), { code: "ECONNREFUSED" });
};

describe("the checks of one node", () => {
	let brokers: ServiceBroker[] = [];
	afterEach(() => stopBus(brokers));

	async function read(services: string[], own: ReturnType<typeof part>[]) {
		// A neighbour that does not work is not this node's fault.
		brokers = await startBus([own, [part("product", isDown)]]);
		return new NodeChecks(brokers[0]!, services).read();
	}

	it("are those of its own services and of the bus", async () => {
		const { ready, checks } = await read(
			["order", "payment"],
			[part("order", isUp), part("payment", isUp)]
		);
		expect(ready).toBe(true);
		expect(checks).toEqual({ bus: "up", order: "up", payment: "up" });
	});

	it("say that a service is down that answers so", async () => {
		const { checks } = await read(["order"], [part("order", () => ({ ok: false }))]);
		expect(checks).toEqual({ bus: "up", order: "down" });
	});

	it("say which service does not work", async () => {
		const { ready, checks } = await read(
			["order", "payment"],
			[part("order", isDown), part("payment", isUp)]
		);
		expect([ready, checks]).toEqual([false, { bus: "up", order: "down", payment: "up" }]);
	});

	it("are not answered by another node of the same service, however often they fail", async () => {
		brokers = await startBus([[part("order", isDown)], [part("order", isUp)]]);
		const states: boolean[] = [];
		// Each new one asks at once; after four failures the breaker of the node is open.
		for (let n = 0; n < 10; n++)
			states.push((await new NodeChecks(brokers[0]!, ["order"]).read()).ready);
		expect(states).toEqual(Array(10).fill(false));
		expect((await new NodeChecks(brokers[1]!, ["order"]).read()).ready).toBe(true);
	});

	it("fail from the beginning of a stop", async () => {
		await read(["order"], [part("order", isUp)]);
		const checks = new NodeChecks(brokers[0]!, ["order"]);
		expect((await checks.read()).ready).toBe(true);
		const stopped = brokers[0]!.stop();
		expect((await checks.read()).ready).toBe(false);
		await stopped;
	});
});
