import { RateLimiter } from "./rate-limiter.ts";

describe("a rate limiter of two per second", () => {
	let at = 0;
	let limiter: RateLimiter;
	beforeEach(() => {
		at = 1000;
		limiter = new RateLimiter(2, () => at);
	});

	it("queues concurrent callers", () => {
		expect([limiter.reserve(9000), limiter.reserve(9000), limiter.reserve(9000)]).toEqual([
			0, 500, 1000
		]);
		at += 1500;
		expect(limiter.reserve(9000)).toBe(0);
	});

	it("reserves no slot for a caller that would not wait", () => {
		expect([limiter.reserve(400), limiter.reserve(400), limiter.reserve(400)]).toEqual([
			0, 500, 500
		]);
		expect(limiter.reserve(500)).toBe(500);
	});

	it("does not accumulate unused slots", () => {
		at += 60_000;
		expect([limiter.reserve(9000), limiter.reserve(9000)]).toEqual([0, 500]);
	});

	it("pauses", () => {
		limiter.pause(2000);
		expect([limiter.reserve(9000), limiter.reserve(9000)]).toEqual([2000, 2500]);
	});
});
