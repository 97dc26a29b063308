import type { ServiceBroker } from "moleculer";
import { publishHealth } from "./check-gauges.ts";

describe("the gauges of a health check", () => {
	it("say whether the node is ready, and which of its checks fails", () => {
		const broadcastLocal = jest.fn();
		const broker = { broadcastLocal } as unknown as ServiceBroker;
		publishHealth(broker, false, { bus: "up", order: "down" });
		const published = broadcastLocal.mock.calls.map(([, { labels, value }]) => [
			labels.check,
			value
		]);
		expect(Object.fromEntries(published)).toEqual({ ready: 0, bus: 1, order: 0 });
	});
});
