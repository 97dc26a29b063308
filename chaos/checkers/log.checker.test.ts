import {
	everyMinute,
	results,
	unmarked,
	type LogEvidence,
	type ResultFact
} from "./log.checker.ts";

const told = (key: string, revision: number, orders: number): ResultFact => ({
	...{ key, revision, orders, revenue: 100 * orders, users: 1 },
	event_id: `${key} ${revision}`
});

/** Nothing is wrong: one window was told of twice, one of its messages published again. */
const good: LogEvidence = {
	stream: {
		...{ written: [], topic: [], handled: { analytics: [], notification: [] } },
		...{ told: [], putAside: [], windows: [], minutes: 1 }
	},
	absences: [{ how: "kill", ms: 3000, marked: 0 }],
	told: [told("w", 1, 1), told("w", 2, 3), told("w", 2, 3), told("v", 1, 1)],
	results: [told("w", 2, 3), told("v", 1, 1)],
	late: { told: ["l", "l"], kept: ["l"] },
	minutes: { expected: 30, equal: 30, late: 1 },
	idle: 3,
	doubled: 4
};

it("finds nothing where nothing is wrong", () => {
	for (const checker of [unmarked, everyMinute, results])
		expect([checker.title, checker.violations(good)]).toEqual([checker.title, []]);
});

it.each<[string, typeof results, Partial<LogEvidence>, string]>([
	[
		"marked while the broker was away",
		unmarked,
		{ absences: [{ how: "pause", ms: 30_000, marked: 2 }] },
		"2 rows were marked during the pause"
	],
	[
		"not equal in a minute",
		everyMinute,
		{ minutes: { expected: 30, equal: 29, late: 1 } },
		"29 of 30"
	],
	["without an idle partition", everyMinute, { idle: 0 }, "no partition was idle"],
	["silent about a late event", everyMinute, { late: { told: [], kept: ["l"] } }, "late event l"],
	[
		"telling an older state last",
		results,
		{ told: [told("w", 1, 1), told("v", 1, 1)] },
		"told 1 orders"
	],
	["silent about a window", results, { told: good.told.slice(0, 3) }, "v: told nothing"],
	[
		"telling a revision that does not grow",
		results,
		{ told: [told("w", 3, 3), ...good.told] },
		"revisions 3, 1, 2"
	]
])("finds a log that is %s", (_, checker, over, words) => {
	const found = checker.violations({ ...good, ...over }).map(({ what }) => what);
	expect(found.join()).toContain(words);
});
