import { ServiceBroker } from "moleculer";
import { unreadyLines, unreadyServices } from "./readiness.ts";

type Checks = Record<string, "up" | "down">;

describe("the services that are not ready", () => {
	let broker: ServiceBroker;
	let asked: number;
	/** @param seen by the gateway, one after the other; it fails for undefined, and the last one stays */
	const start = async (...seen: (Checks | undefined)[]) => {
		asked = 0;
		broker = new ServiceBroker({ logger: false, nodeID: "gateway" });
		const health = () => {
			const checks = seen[Math.min(asked++, seen.length - 1)];
			if (!checks) throw new Error("overloaded");
			return { status: "ok", checks };
		};
		broker.createService({ name: "gateway", actions: { health } });
		await broker.start();
	};
	afterEach(() => broker.stop());

	const up: Checks = { user: "up", order: "up" };
	it.each<[what: string, seen: (Checks | undefined)[], unready: string[], asks: number]>([
		["none, found at once", [up], [], 1],
		[
			"none, once the last one is",
			[{ ...up, user: "down" }, { user: "down", order: "down" }, up],
			[],
			3
		],
		["none, once the gateway answers", [undefined, up], [], 2],
		["one that never is", [{ ...up, order: "down" }], ["order"], 3],
		["the gateway that never answers", [undefined], ["gateway"], 3]
	])("are %s", async (_, seen, unready, asks) => {
		await start(...seen);
		expect(await unreadyServices(broker, { ending: false }, 250)).toEqual(unready);
		expect(asked).toBeGreaterThanOrEqual(asks);
	});

	it("are not waited for by a node that stops", async () => {
		await start({ order: "down" });
		expect(await unreadyServices(broker, { ending: true })).toEqual(["order"]);
		expect(asked).toBe(1);
	});
});

it.each<[string[], string[]]>([
	[[], []],
	[["order", "user"], ["Not ready yet: order, user. npm run status says whether that is so still."]]
])("%j are named in %j", (names, lines) => {
	expect(unreadyLines(names)).toEqual(lines);
});
