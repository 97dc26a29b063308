/** Of the run over Kafka only. Whether events are lost: published.checker.ts. */

import type { StreamEvidence } from "../evidence/event-stream.ts";
import { grouped, type Checker, type Violation } from "./checker.ts";

/** What a results topic says of a window, and what is stored of it. */
export interface ResultFact {
	/** Start of the window and currency. */
	key: string;
	event_id: string;
	revision: number;
	orders: number;
	/** Minor units. */
	revenue: number;
	users: number;
}

/** What the checkers of the Kafka part read. */
export interface LogEvidence {
	stream: StreamEvidence;
	/** Times in which the broker was down, with the number of rows marked as published in them. */
	outages: readonly { how: string; ms: number; marked: number }[];
	/** `analytics-results`, read from its start, by partition. */
	emitted: readonly ResultFact[];
	results: readonly ResultFact[];
	/** Ids in `analytics-late`, and those that were dead-lettered there. */
	late: { emitted: readonly string[]; stored: readonly string[] };
	/** Minutes of the half hour: all, and those whose windows equal what SQL computes. */
	minutes: { expected: number; equal: number; late: number };
	/** Partitions in which nothing was written. */
	idle: number;
	duplicated: number;
}

/** A row is marked only after the broker's acknowledgement, which a broker that is down cannot send. */
export const unmarked: Checker<LogEvidence> = {
	promise: "P4",
	title: "Nothing is marked as published while the broker is down",
	examined: ({ outages }) =>
		outages.map(({ how, ms }) => `${how} of ${(ms / 1000).toFixed(0)} s`).join(", "),
	violations: ({ outages }) =>
		outages
			.filter(({ marked }) => marked > 0)
			.map(({ how, marked }) => ({ what: `${marked} rows were marked during the ${how}` }))
};

/** What a reader of the topic has who keeps the last message of each key. */
export const results: Checker<LogEvidence> = {
	promise: "P5",
	title: "The last message of each window equals the stored result, and revisions grow",
	examined: ({ emitted, results: stored }) =>
		`${emitted.length} messages of ${stored.length} windows`,
	violations({ emitted, results: stored }) {
		const found: Violation[] = [];
		const byKey = grouped(emitted, ({ key }) => key);
		for (const result of stored) {
			const last = byKey.get(result.key)?.at(-1);
			if (!last || describeResult(last) !== describeResult(result))
				found.push({
					what: `${result.key}: emitted ${describeResult(last)}, stored ${describeResult(result)}`
				});
		}
		for (const [key, messages] of byKey) {
			const first = new Map(messages.toReversed().map(each => [each.event_id, each.revision]));
			const revisions = [...first.values()].reverse();
			if (revisions.some((revision, n) => n > 0 && revision <= revisions[n - 1]!))
				found.push({ what: `${key}: revisions ${revisions.join(", ")}` });
		}
		return found;
	}
};

const describeResult = (result?: ResultFact) =>
	result
		? `${result.orders} orders, ${result.revenue}, ${result.users} buyers, revision ${result.revision}`
		: "nothing";

/** Every minute of the half hour, with events that were late, duplicated or out of order. */
export const everyMinute: Checker<LogEvidence> = {
	promise: "P5",
	title:
		"Every minute of the half hour equals what SQL computes; events more than a day late are stored separately",
	examined: ({ minutes: { expected, equal, late }, idle, duplicated }) =>
		`${equal}/${expected} minutes equal, ${late} events late, ${duplicated} doubled, ${idle} idle partitions`,
	violations({ minutes: { expected, equal }, late: { emitted, stored }, idle }) {
		const found: Violation[] = [];
		if (equal !== expected) found.push({ what: `${equal} of ${expected} minutes are` });
		if (idle === 0) found.push({ what: "no partition was idle" });
		const there = new Set(emitted);
		for (const id of stored)
			if (!there.has(id)) found.push({ what: `late event ${id} was not emitted` });
		return found;
	}
};
