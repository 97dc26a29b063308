import fc from "fast-check";
import type { Sale } from "../../../services/analytics/windows/tally.window.ts";
import {
	averageOf,
	correctEveryMs,
	idleTimeoutMs,
	startOf,
	windowMs,
	type Result
} from "../../../services/analytics/windows/tumbling.window.ts";
import { nameOf, type Crash, type Message } from "./window-simulation.ts";

/** Generated sales in any order, events while they are read, and the expected windows. */

export const origin = Date.UTC(2026, 0, 1);
export const partitions = 3;

const anywhere = (minutes: number) => fc.nat({ max: minutes * windowMs - 1 });
const nearEdge = (minutes: number) =>
	fc
		.tuple(fc.integer({ min: 1, max: minutes - 1 }), fc.integer({ min: -6000, max: 6000 }))
		.map(([minute, ms]) => minute * windowMs + ms);

export const sale = (minutes: number) =>
	fc.record({
		kind: fc.constant("sale" as const),
		at: fc.oneof(anywhere(minutes), nearEdge(minutes)).map(ms => origin + ms),
		currency: fc.constantFrom("USD", "EUR"),
		user_id: fc.nat({ max: 5 }).map(n => `user-${n}`),
		revenue: fc.integer({ min: 1, max: 10_000 }),
		lines: fc.constant([])
	});

/** A sale, its position in the log, and a second position if it is a duplicate. */
export interface Arrival {
	fact: Sale;
	rank: number;
	again: number | undefined;
}

const anyRank = fc.nat({ max: 100_000 });
const arrival = (fact: fc.Arbitrary<Sale>): fc.Arbitrary<Arrival> =>
	fc.record({
		fact,
		rank: anyRank,
		again: fc.option(anyRank, { nil: undefined, freq: 5 })
	});
export const arrivals = (fact: fc.Arbitrary<Sale>) =>
	fc.array(arrival(fact), { maxLength: 30, size: "max" });

export const idOf = (n: number) => `event-${n}`;

/** In partitions by user, of which the last is empty. */
export function logOf(given: readonly Arrival[], order: (a: Arrival) => number): Message[][] {
	const taken = given.flatMap((arrival, n) => {
		const { fact, again } = arrival;
		const message = { id: idOf(n), fact, rank: order(arrival) };
		return again === undefined ? [message] : [message, { ...message, rank: message.rank + again }];
	});
	const log: Message[][] = Array.from({ length: partitions }, () => []);
	for (const { id, fact } of taken.sort((a, b) => a.rank - b.rank))
		log[Number(fact.user_id.at(-1)) % (partitions - 1)]!.push({ id, fact });
	return log;
}

export type Step =
	| { do: "deliver"; partition: number; count: number; crash: Crash }
	| { do: "rewind"; partition: number; count: number }
	| { do: "pass"; crash: Crash }
	| { do: "tick"; ms: number };

const crash = fc.constantFrom<Crash>("none", "none", "before", "after");
const partition = fc.nat({ max: partitions - 1 });
const count = fc.integer({ min: 1, max: 4 });
const deliver = fc.record({ do: fc.constant("deliver" as const), partition, count, crash });
const rewind = fc.record({ do: fc.constant("rewind" as const), partition, count });
const pass = fc.record({ do: fc.constant("pass" as const), crash });
const tick = fc.record({
	do: fc.constant("tick" as const),
	ms: fc.constantFrom(1000, correctEveryMs, idleTimeoutMs)
});
export const steps = fc.array(
	fc.oneof(
		{ weight: 6, arbitrary: deliver },
		{ weight: 6, arbitrary: pass },
		{ weight: 1, arbitrary: rewind },
		{ weight: 1, arbitrary: tick }
	),
	{ maxLength: 60, size: "max" }
);

export type Totals = Pick<Result, "orders" | "revenue" | "users" | "average">;

/** The expected windows, computed from all sales. */
export function batch(sales: readonly Sale[]): Record<string, Totals> {
	const groups = Map.groupBy(sales, ({ at, currency }) => nameOf({ start: startOf(at), currency }));
	return Object.fromEntries(
		[...groups].map(([name, group]) => {
			const revenue = group.reduce((sum, s) => sum + s.revenue, 0);
			const users = new Set(group.map(s => s.user_id)).size;
			const average = averageOf(revenue, group.length);
			return [name, { orders: group.length, revenue, users, average }];
		})
	);
}

export const totalsOf = (results: Iterable<Result>): Record<string, Totals> =>
	Object.fromEntries(
		[...results].map(result => [
			nameOf(result),
			{
				orders: result.orders,
				revenue: result.revenue,
				users: result.users,
				average: result.average
			}
		])
	);

/** Checks that revisions count up from 1, none repeats the one before it, and a final one is the last. */
export function expectValidRevisions(emitted: readonly Result[]): void {
	for (const results of Map.groupBy(emitted, nameOf).values()) {
		expect(results.map(({ revision }) => revision)).toEqual(results.map((_, index) => index + 1));
		const texts = results.map(result => JSON.stringify({ ...result, revision: 0 }));
		expect(texts.filter((text, index) => text === texts[index - 1])).toEqual([]);
		expect(results.slice(0, -1).filter(({ final }) => final)).toEqual([]);
	}
}
