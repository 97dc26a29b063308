import { intents } from "./order-traffic.ts";

describe("what the demo's customers do", () => {
	let seed = 1;
	const draw = (below: number) => (seed = (seed * 48271) % 2147483647) % below;
	const drawn = intents(2000, 12, 30, draw);

	it("stays within the customers and products there are", () => {
		expect(drawn).toHaveLength(2000);
		for (const { customer, product, quantity } of drawn) {
			expect(customer).toBeLessThan(12);
			expect(product).toBeLessThan(30);
			expect([1, 2, 3]).toContain(quantity);
		}
	});

	it("has every kind of outcome, and mostly orders that are paid and kept", () => {
		const share = (count: number) => count / drawn.length;
		const declined = drawn.filter(({ card }) => /Declined/.test(card)).length;
		expect(share(declined)).toBeGreaterThan(0.04);
		expect(share(declined)).toBeLessThan(0.14);
		for (const wanted of ["cancel", "ship"])
			expect(drawn.some(({ followUp }) => followUp === wanted)).toBe(true);
		expect(share(drawn.filter(({ followUp }) => followUp === "keep").length)).toBeGreaterThan(0.7);
	});
});
