import { percentilesOf } from "./percentiles.ts";

it("takes the nearest rank", () => {
	const values = Array.from({ length: 200 }, (_, n) => 200 - n);
	expect(percentilesOf(values)).toEqual({ p50: 100, p99: 198, count: 200 });
	expect(percentilesOf([7.26])).toEqual({ p50: 7.3, p99: 7.3, count: 1 });
	expect(() => percentilesOf([])).toThrow(RangeError);
});
