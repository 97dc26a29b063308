import { instantOf, withoutLeapSecond } from "./instant.ts";

describe("an instant", () => {
	it.each([
		["2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000Z"],
		["2026-01-01t00:00:00z", "2026-01-01T00:00:00.000Z"],
		["2026-01-01 01:00:00+01:00", "2026-01-01T00:00:00.000Z"],
		["2026-01-01T00:00:00.123999999999999999Z", "2026-01-01T00:00:00.123Z"],
		["2026-01-01T00:00:00+23:59", "2025-12-31T00:01:00.000Z"],
		["9999-12-31T23:59:59-23:00", "9999-12-31T23:59:59.999Z"],
		["0000-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"],
		["0000-01-01T00:00:00+23:59", "0001-01-01T00:00:00.000Z"]
	])("%s is %s", (text, instant) => {
		expect(instantOf(text, "/at")).toBe(instant);
	});

	it.each(["", "now", "1990-12-31T23:59:60Z"])("%j is refused", text => {
		expect(() => instantOf(text, "/at")).toThrow(
			expect.objectContaining({
				type: "VALIDATION_FAILED",
				data: expect.objectContaining({ errors: [expect.objectContaining({ pointer: "/at" })] })
			})
		);
	});
});

describe("a time without a leap second", () => {
	it.each([
		["2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"],
		["2016-12-31t23:59:60.25z", "2017-01-01T00:00:00.250Z"],
		["2017-01-01T05:29:60+05:30", "2017-01-01T00:00:00.000Z"],
		["2016-12-31T23:59:59Z", "2016-12-31T23:59:59Z"],
		["2016-12-31T23:59:59.600Z", "2016-12-31T23:59:59.600Z"]
	])("%s is %s", (time, without) => expect(withoutLeapSecond(time)).toBe(without));
});
