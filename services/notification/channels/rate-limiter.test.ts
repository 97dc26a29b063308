import { Pace } from "./rate-limiter.ts";

describe("a pace of two a second", () => {
	let at = 0;
	let pace: Pace;
	beforeEach(() => {
		at = 1000;
		pace = new Pace(2, () => at);
	});

	it("has those who come at once stand in line", () => {
		expect([pace.turn(9000), pace.turn(9000), pace.turn(9000)]).toEqual([0, 500, 1000]);
		at += 1500;
		expect(pace.turn(9000)).toBe(0);
	});

	it("keeps no turn for who would not wait", () => {
		expect([pace.turn(400), pace.turn(400), pace.turn(400)]).toEqual([0, 500, 500]);
		expect(pace.turn(500)).toBe(500);
	});

	it("makes nothing up for time that has passed", () => {
		at += 60_000;
		expect([pace.turn(9000), pace.turn(9000)]).toEqual([0, 500]);
	});

	it("pauses", () => {
		pace.pause(2000);
		expect([pace.turn(9000), pace.turn(9000)]).toEqual([2000, 2500]);
	});
});
