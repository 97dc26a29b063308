import type { ServiceBroker } from "moleculer";
import { startBus, stopBus } from "../tests/support/servers/start-bus.ts";

interface Internals {
	transit: { pendingRequests: Map<string, unknown> };
	_trackedContexts: unknown[];
}

describe("a call whose answer does not come", () => {
	let brokers: ServiceBroker[] = [];
	afterEach(() => stopBus(brokers));

	it("is forgotten when its time is over, and holds up no stop", async () => {
		const service = { name: "far", actions: { ask: { access: "anyone", handler: () => "here" } } };
		brokers = await startBus([[], [service]]);
		const callee = brokers[1]!.transit as unknown as { sendResponse(): Promise<void> };
		jest.spyOn(callee, "sendResponse").mockResolvedValue();
		const caller = brokers[0]! as unknown as Internals;
		const asked = brokers[0]!.call("far.ask", {}, { timeout: 50 });
		expect([caller.transit.pendingRequests.size, caller._trackedContexts.length]).toEqual([1, 1]);
		await expect(asked).rejects.toMatchObject({ type: "REQUEST_TIMEOUT" });
		expect([caller.transit.pendingRequests.size, caller._trackedContexts.length]).toEqual([0, 0]);
	});
});
