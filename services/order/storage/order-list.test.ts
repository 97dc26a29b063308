import { v7 } from "uuid";
import { maxClockSkewMs } from "../../../streams/clock-skew.ts";
import { filterOf, firstIdAt, idsBetween, timeOf } from "./order-list.ts";

const at = Date.parse("2026-03-01T00:00:00.000Z");
const iso = (ms: number) => new Date(ms).toISOString();

it("has the ids of an instant from its first one on", () => {
	for (const ms of [0, 1, at, at + 1]) {
		expect(firstIdAt(ms) < v7({ msecs: ms })).toBe(true);
		expect(firstIdAt(ms + 1) > v7({ msecs: ms })).toBe(true);
	}
});

it.each([
	[-maxClockSkewMs, true],
	[maxClockSkewMs - 1, true],
	[-maxClockSkewMs - 1, false]
])("reads an order of the first instant with an id %i ms beside it: %s", (skew, isRead) => {
	const { first, end } = idsBetween({ from: iso(at), to: iso(at + 1) });
	const id = v7({ msecs: at + skew });
	expect(id >= first && id < end).toBe(isRead);
});

it.each([
	[{}, undefined],
	[{ from: "2026-03-01T01:00:00+01:00" }, { from: iso(at), to: "9999-12-31T23:59:59.999Z" }],
	[{ to: "2026-03-01T00:00:00Z" }, { from: "0001-01-01T00:00:00.000Z", to: iso(at) }],
	[
		{ from: "2026-03-01T00:00:00Z", to: "2026-03-01T00:00:00Z" },
		{ from: iso(at), to: iso(at) }
	]
])("%j is the time %j", (params, time) => {
	expect(timeOf(params)).toEqual(time);
	expect(() => time && idsBetween(time)).not.toThrow();
});

it("refuses a beginning after the end", () => {
	const of = () => timeOf({ from: "2026-03-01T00:00:00Z", to: "2026-02-28T23:59:59Z" });
	expect(of).toThrow(expect.objectContaining({ type: "VALIDATION_FAILED" }));
});

it.each([
	["staff", undefined, "user-1", "user-1"],
	["staff", undefined, undefined, undefined],
	["a customer", "user-1", "user-1", "user-1"],
	["a customer", "user-1", undefined, "user-1"],
	["a customer", "user-1", "user-2", "FORBIDDEN"]
])("%s with the orders of %s, who asks for %s, gets %s", (_, owner, user_id, found) => {
	const of = () => filterOf({ user_id }, owner);
	if (found === "FORBIDDEN") expect(of).toThrow(expect.objectContaining({ type: found }));
	else expect(of().user_id).toBe(found);
});
