import type { ServiceBroker } from "moleculer";
import { publishHealth } from "./check-gauges.ts";

describe("the gauges of a health check", () => {
	it.each(["ready", "shop"] as const)("say the answer %s, and which check fails", answer => {
		const broadcastLocal = jest.fn();
		const broker = { broadcastLocal } as unknown as ServiceBroker;
		publishHealth(broker, answer, false, { bus: "up", order: "down" });
		const published = broadcastLocal.mock.calls.map(([, { labels, value }]) => [
			labels.check,
			value
		]);
		expect(Object.fromEntries(published)).toEqual({ [answer]: 0, bus: 1, order: 0 });
	});
});
