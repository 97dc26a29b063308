import { rangeOf } from "./time-range.ts";

const now = Date.parse("2026-06-15T12:00:00Z");
const at = (text: string) => Date.parse(text);

describe("a range", () => {
	it("is the last hour by default", () => {
		expect(rangeOf({}, now)).toEqual({ from: now - 3_600_000, to: now });
	});

	it("is an hour when only its end is given, and up to now when only its start is", () => {
		expect(rangeOf({ to: "2026-06-01T00:00:00Z" }, now)).toEqual({
			from: at("2026-05-31T23:00:00Z"),
			to: at("2026-06-01T00:00:00Z")
		});
		expect(rangeOf({ from: "2026-06-14T00:00:00Z" }, now)).toEqual({
			from: at("2026-06-14T00:00:00Z"),
			to: now
		});
	});

	it("may be 7 days, or empty, and end up to a day ahead", () => {
		const week = { from: "2026-06-08T12:00:00Z", to: "2026-06-15T14:00:00+02:00" };
		expect(rangeOf(week, now)).toEqual({ from: at(week.from), to: now });
		const nothing = { from: "2026-06-16T12:00:00Z", to: "2026-06-16T12:00:00Z" };
		expect(rangeOf(nothing, now)).toEqual({ from: now + 86_400_000, to: now + 86_400_000 });
	});

	it.each([
		[
			"ends before it begins",
			{ from: "2026-06-15T00:00:01Z", to: "2026-06-15T00:00:00Z" },
			"/from"
		],
		["begins after now", { from: "2026-06-15T12:00:01Z" }, "/from"],
		["is longer than 7 days", { from: "2026-06-08T11:59:59Z" }, "/from"],
		["ends in the year 9999", { to: "9999-12-31T23:59:59Z" }, "/to"],
		["begins in the year 9999", { from: "9999-12-31T23:59:59Z" }, "/from"],
		["begins in the year 0", { from: "0000-01-01T00:00:00Z" }, "/from"],
		["has a leap second", { from: "2016-12-31T23:59:60Z" }, "/from"]
	])("that %s is refused", (_, asked, pointer) => {
		expect(() => rangeOf(asked, now)).toThrow(
			expect.objectContaining({
				type: "VALIDATION_FAILED",
				data: expect.objectContaining({ errors: [expect.objectContaining({ pointer })] })
			})
		);
	});
});
