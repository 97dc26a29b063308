import { RateLimiter } from "./rate-limiter.ts";

describe("a pace of two a second", () => {
	let at = 0;
	let limiter: RateLimiter;
	beforeEach(() => {
		at = 1000;
		limiter = new RateLimiter(2, () => at);
	});

	it("has those who come at once stand in line", () => {
		expect([limiter.reserve(9000), limiter.reserve(9000), limiter.reserve(9000)]).toEqual([
			0, 500, 1000
		]);
		at += 1500;
		expect(limiter.reserve(9000)).toBe(0);
	});

	it("keeps no turn for who would not wait", () => {
		expect([limiter.reserve(400), limiter.reserve(400), limiter.reserve(400)]).toEqual([
			0, 500, 500
		]);
		expect(limiter.reserve(500)).toBe(500);
	});

	it("makes nothing up for time that has passed", () => {
		at += 60_000;
		expect([limiter.reserve(9000), limiter.reserve(9000)]).toEqual([0, 500]);
	});

	it("pauses", () => {
		limiter.pause(2000);
		expect([limiter.reserve(9000), limiter.reserve(9000)]).toEqual([2000, 2500]);
	});
});
