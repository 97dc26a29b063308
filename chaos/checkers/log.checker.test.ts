import {
	everyMinute,
	results,
	unmarked,
	type LogEvidence,
	type ResultFact
} from "./log.checker.ts";

const emission = (key: string, revision: number, orders: number): ResultFact => ({
	key,
	revision,
	orders,
	revenue: 100 * orders,
	users: 1,
	event_id: `${key} ${revision}`
});

/** No violations: one window was emitted twice, and one of its messages was published twice. */
const good: LogEvidence = {
	stream: {
		written: [],
		topic: [],
		handled: { analytics: [], notification: [], webhook: [] },
		notifications: [],
		deliveries: [],
		deadLetters: [],
		windows: [],
		minutes: 1
	},
	outages: [{ how: "kill", ms: 3000, marked: 0 }],
	emitted: [emission("w", 1, 1), emission("w", 2, 3), emission("w", 2, 3), emission("v", 1, 1)],
	results: [emission("w", 2, 3), emission("v", 1, 1)],
	late: { emitted: ["l", "l"], stored: ["l"] },
	minutes: { expected: 30, equal: 30, late: 1 },
	idle: 3,
	duplicated: 4
};

it("finds nothing in a correct log", () => {
	for (const checker of [unmarked, everyMinute, results])
		expect([checker.title, checker.violations(good)]).toEqual([checker.title, []]);
});

it.each<[string, typeof results, Partial<LogEvidence>, string]>([
	[
		"marked while the broker was away",
		unmarked,
		{ outages: [{ how: "pause", ms: 30_000, marked: 2 }] },
		"2 rows were marked during the pause"
	],
	[
		"not equal in a minute",
		everyMinute,
		{ minutes: { expected: 30, equal: 29, late: 1 } },
		"29 of 30"
	],
	["without an idle partition", everyMinute, { idle: 0 }, "no partition was idle"],
	["without a late event", everyMinute, { late: { emitted: [], stored: ["l"] } }, "late event l"],
	[
		"with an older state last",
		results,
		{ emitted: [emission("w", 1, 1), emission("v", 1, 1)] },
		"emitted 1 orders"
	],
	["without a window", results, { emitted: good.emitted.slice(0, 3) }, "v: emitted nothing"],
	[
		"with a revision that does not grow",
		results,
		{ emitted: [emission("w", 3, 3), ...good.emitted] },
		"revisions 3, 1, 2"
	]
])("finds a log that is %s", (_, checker, over, words) => {
	const found = checker.violations({ ...good, ...over }).map(({ what }) => what);
	expect(found.join()).toContain(words);
});
