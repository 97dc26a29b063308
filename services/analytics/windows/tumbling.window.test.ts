import fc from "fast-check";
import {
	arrivals,
	batch,
	expectValidRevisions,
	idOf,
	logOf,
	origin,
	sale,
	steps,
	totalsOf,
	type Arrival,
	type Step
} from "../../../tests/support/analytics/window-events.ts";
import {
	WindowSimulation,
	type Message,
	type Rules
} from "../../../tests/support/analytics/window-simulation.ts";
import { tally } from "./tally.window.ts";
import {
	averageOf,
	emission,
	idleTimeoutMs,
	allowedLatenessMs,
	maxOutOfOrdernessMs,
	startOf,
	watermarkOf,
	windowMs
} from "./tumbling.window.ts";

function applySteps(simulation: WindowSimulation, done: readonly Step[]): void {
	for (const step of done)
		if (step.do === "deliver") simulation.deliver(step.partition, step.count, step.crash);
		else if (step.do === "rewind") simulation.rewind(step.partition, step.count);
		else if (step.do === "pass") simulation.pass(step.crash);
		else simulation.now += step.ms;
}

const runs = { numRuns: 300 };
const start = origin + 10 * windowMs;

function settled(log: Message[][], done: readonly Step[], given: Partial<Rules>): WindowSimulation {
	const simulation = new WindowSimulation(log, start, given);
	simulation.now += idleTimeoutMs;
	applySteps(simulation, done);
	simulation.settle();
	return simulation;
}

/** Any order, any duplication, a crash at any point. */
const anyDelivery = (given: Partial<Rules> = {}) =>
	fc.property(arrivals(sale(5)), steps, (taken, done) => {
		const simulation = settled(
			logOf(taken, ({ rank }) => rank),
			done,
			given
		);
		expect(totalsOf(simulation.read())).toEqual(batch(taken.map(({ fact }) => fact)));
		expectValidRevisions(simulation.emitted);
	});

/** Out of order by less than the allowed lateness. */
const onTime = (given: Partial<Rules> = {}) =>
	fc.property(arrivals(sale(2)), steps, (taken, done) => {
		const inTime = ({ fact, rank }: Arrival) => fact.at + (rank % maxOutOfOrdernessMs);
		const simulation = settled(logOf(taken, inTime), done, given);
		expect(totalsOf(simulation.read())).toEqual(batch(taken.map(({ fact }) => fact)));
		expect(simulation.emitted.filter(({ revision }) => revision > 1)).toEqual([]);
	});

/** Some are more than a day late. */
const tooLate = (given: Partial<Rules> = {}) => {
	const old = sale(5).map(fact => ({ ...fact, at: fact.at - allowedLatenessMs - 10 * windowMs }));
	return fc.property(arrivals(fc.oneof(sale(5), sale(5), old)), steps, (taken, done) => {
		const simulation = settled(
			logOf(taken, ({ rank }) => rank),
			done,
			given
		);
		const { late } = simulation;
		const isLate = new Set(late.map(({ id }) => id));
		const kept = taken.filter((_, n) => !isLate.has(idOf(n)));
		expect(totalsOf(simulation.read())).toEqual(batch(kept.map(({ fact }) => fact)));
		expect(late.filter(({ fact }) => fact.at >= origin)).toEqual([]);
		expect(isLate.size).toBe(late.length);
		expectValidRevisions(simulation.emitted);
	});
};

describe("emitted windows", () => {
	it("equal a computation over all events, in any order of arrival", () => {
		fc.assert(anyDelivery(), runs);
	});

	it("are emitted once when no event is late", () => {
		fc.assert(onTime(), runs);
	});

	it("and late events together contain all events", () => {
		fc.assert(tooLate(), runs);
	});

	const dropLate: Rules["tally"] = (facts, watermark) =>
		tally(
			facts.filter(({ at }) => startOf(at) + windowMs > watermark),
			watermark
		);

	it.each<[string, (given: Partial<Rules>) => fc.IRawProperty<unknown>, Partial<Rules>]>([
		["events behind the watermark are dropped", anyDelivery, { tally: dropLate }],
		["late events are not stored", tooLate, { tally: (f, w) => ({ ...tally(f, w), late: [] }) }],
		["a window never becomes final", tooLate, { tally: facts => tally(facts) }],
		[
			"an idle partition delays all windows",
			anyDelivery,
			{
				watermarkOf: (all, now) =>
					watermarkOf(
						all.map(p => ({ ...p, heardAt: now })),
						now
					)
			}
		],
		[
			"a partition with a lag is treated as idle",
			onTime,
			{
				watermarkOf: (all, now) =>
					watermarkOf(
						all.map(p => ({ ...p, lag: 0 })),
						now
					)
			}
		],
		[
			"partitions with a lag are ignored",
			onTime,
			{ watermarkOf: (_, now) => watermarkOf([], now) }
		],
		[
			"there is no allowed lateness",
			onTime,
			{ watermarkOf: (all, now) => watermarkOf(all, now) + maxOutOfOrdernessMs }
		],
		[
			"a correction has the revision of the corrected result",
			anyDelivery,
			{
				emission: (w, ...rest) => {
					const emitted = emission(w, ...rest);
					return emitted && { ...emitted, revision: Math.max(w.revision, 1) };
				}
			}
		],
		[
			"an unchanged window is emitted again",
			anyDelivery,
			{ emission: (w, ...rest) => emission({ ...w, dirty: true }, ...rest) }
		],
		["a duplicate counts twice", anyDelivery, { fresh: (_, messages) => messages }]
	])("a mistake is found: %s", (_, property, broken) => {
		const options = { numRuns: 3000, endOnFailure: true };
		expect(fc.check(property(broken), options)).toHaveProperty("failed", true);
	});
});

describe("a window that is to be emitted again", () => {
	const sold = { orders: 2, revenue: 500, users: 1, revision: 3 };
	const day = allowedLatenessMs + windowMs;

	it.each([
		["keeps its revision where nothing changed", sold, day, 3],
		["keeps it where it is not final yet", { ...sold, final: false }, windowMs, 3],
		["has another one where orders changed", { ...sold, orders: 1 }, day, 4],
		["has another one where revenue changed", { ...sold, revenue: 499 }, day, 4],
		["has another one where buyers changed", { ...sold, users: 2 }, day, 4],
		["has another one once it is final", { ...sold, final: false }, day, 4],
		["has another one where readers know one above it", { ...sold, revision: 2 }, day, 4],
		["has another one where none was emitted", null, day, 4]
	])("%s", (_, last, passedMs, revision) => {
		const stored = { ...sold, start: 0, currency: "USD", dirty: true, final: false };
		const emitted = last && { final: true, ...last };
		const window = { ...stored, emittedAt: 0, emitted };
		expect(emission(window, passedMs, passedMs)).toMatchObject({
			orders: 2,
			revision,
			final: passedMs === day
		});
	});
});

describe("the average", () => {
	it.each([
		[10, 4, 2],
		[14, 4, 4],
		[11, 4, 3],
		[7, 7, 1],
		[1, 3, 0],
		[Number.MAX_SAFE_INTEGER, 2, 4_503_599_627_370_496]
	])("of %d over %d orders is %d: half to even", (revenue, orders, average) => {
		expect(averageOf(revenue, orders)).toBe(average);
	});
});

describe("the watermark", () => {
	const now = origin;
	const behind = (ms: number, lag = 0, silentMs = 0) => ({
		seenUntil: now - ms,
		lag,
		heardAt: now - silentMs
	});
	const unread = { seenUntil: undefined, lag: 1, heardAt: now - windowMs };

	it.each([
		["is behind the slowest partition", [behind(1000), behind(7000)], -12_000],
		["waits for one with a lag", [behind(0), behind(90_000, 1, 60_000)], -95_000],
		["waits for one that was never read", [behind(0), unread], -Infinity],
		["ignores one that was read to its end and is idle", [behind(0), behind(9e4, 0, 1e4)], -5000],
		["still waits before that", [behind(0), behind(90_000, 0, 9999)], -95_000],
		["follows the clock when all are idle", [behind(9e6, 0, 1e4)], -5000],
		["follows the clock when there is no partition", [], -5000],
		["does not run ahead of the clock", [behind(-3_600_000)], -5000]
	])("%s", (_, partitions, after) => {
		expect(watermarkOf(partitions, now)).toBe(now + after);
	});
});
