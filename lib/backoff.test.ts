import { backoffMs, withJitter } from "./backoff.ts";

describe("backoffMs", () => {
	it("doubles from the base up to the limit", () => {
		expect([1, 2, 3, 4, 5, 6].map(n => backoffMs(n, 200, 3000))).toEqual([
			200, 400, 800, 1600, 3000, 3000
		]);
	});

	it("stays within its bounds for any attempt", () => {
		expect(backoffMs(0, 200, 3000)).toBe(200);
		expect(backoffMs(100_000, 200, 3000)).toBe(3000);
	});
});

describe("spread", () => {
	it("is from half to the whole", () => {
		expect([0, 0.5, 1].map(chance => withJitter(1000, chance))).toEqual([500, 750, 1000]);
	});
});
