import { OutcomeWaits, type OutcomeWait } from "./outcome-waits.ts";

/** A request from this node that waits until `end`. */
function waitOf(waits: OutcomeWaits, node: string) {
	const { promise, resolve: end } = Promise.withResolvers<void>();
	let wait!: OutcomeWait;
	const ended = waits.during(node, given => {
		wait = given;
		return promise;
	});
	return { wait, end, ended };
}

const states = (waits: OutcomeWaits, ...nodes: string[]) =>
	nodes.map(node => waitOf(waits, node).wait.isReleased);

describe("requests that wait for an outcome", () => {
	it("wait until they are released, and those that come later do not wait", async () => {
		const waits = new OutcomeWaits();
		const all = ["gateway-1", "gateway-2"].map(node => waitOf(waits, node).wait);
		expect(all.map(wait => wait.isReleased)).toEqual([false, false]);
		waits.releaseAll();
		await Promise.all(all.map(wait => wait.released));
		expect(all.map(wait => wait.isReleased)).toEqual([true, true]);
		expect(states(waits, "gateway-3")).toEqual([true]);
	});

	it("are released by the gateway that stops, also if they come after the hint", async () => {
		const waits = new OutcomeWaits();
		const [a, b] = ["gateway-1", "gateway-2"].map(node => waitOf(waits, node).wait);
		waits.releaseNode("gateway-1");
		await a!.released;
		expect([a!.isReleased, b!.isReleased]).toEqual([true, false]);
		expect(states(waits, "gateway-1", "gateway-2")).toEqual([true, false]);
	});

	it("are forgotten when they have been answered", async () => {
		const waits = new OutcomeWaits();
		const { wait, end, ended } = waitOf(waits, "gateway-1");
		end();
		await ended;
		waits.releaseAll();
		expect(wait.isReleased).toBe(false);
	});

	it("remember the last hundred gateways that stopped", () => {
		const waits = new OutcomeWaits();
		for (let n = 0; n <= 100; n++) waits.releaseNode(`gateway-${n}`);
		expect(states(waits, "gateway-0", "gateway-1", "gateway-100")).toEqual([false, true, true]);
	});
});
