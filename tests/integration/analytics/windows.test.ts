import fc from "fast-check";
import { WindowStreamEvent } from "../../../contracts/analytics.ts";
import type { OrderStreamEvent } from "../../../contracts/events.ts";
import { arm, disarmAll, onHit } from "../../../lib/failpoint.ts";
import { derivedId } from "../../../lib/id.ts";
import { validate } from "../../../lib/validator.ts";
import { applyEvents, resetWindows } from "../../../services/analytics/windows/intake.ts";
import {
	purgeWindowUsers,
	acquireEmitterLock
} from "../../../services/analytics/windows/window.statements.ts";
import {
	allowedLatenessMs,
	correctEveryMs,
	windowMs,
	type Result
} from "../../../services/analytics/windows/tumbling.window.ts";
import { buildOrderEvent } from "../../support/streams/order-message.ts";
import {
	arrivals,
	batch,
	expectValidRevisions,
	logOf,
	origin,
	sale,
	steps,
	totalsOf,
	type Step
} from "../../support/analytics/window-events.ts";
import { WindowStore } from "../../support/analytics/window-database.ts";
import type { Message } from "../../support/analytics/window-simulation.ts";

let store: WindowStore;

beforeAll(async () => {
	store = await WindowStore.open();
}, 30_000);

afterAll(() => store.close());

/** The minute that began two hours ago: its window is recent enough not to be final. */
const minute = Math.floor(Date.now() / windowMs) * windowMs - 7_200_000;
const shift = minute - origin;
const namespace = "0199aaaa-0000-7000-8000-000000000000";

function eventOf({ id, fact }: Message): OrderStreamEvent {
	if (fact.kind !== "sale") throw new Error("only sales are asked for here");
	const { currency, user_id, revenue: total } = fact;
	const at = fact.at + shift;
	return buildOrderEvent({ id: derivedId(namespace, id), at, currency, user_id, total });
}

async function applySteps(done: readonly Step[]): Promise<void> {
	for (const step of done)
		if (step.do === "deliver") await store.deliver(step.partition, step.count, step.crash);
		else if (step.do === "rewind") await store.rewind(step.partition, step.count);
		else if (step.do === "pass") await store.emitter.emitDue();
		else await store.tick(step.ms);
}

/** What is in the topic's outbox, in its order. */
async function emittedResults(): Promise<Result[]> {
	const rows = await store.rows<{ value: string }>(
		"select value from analytics.outbox where topic = 'analytics-results' order by id"
	);
	return rows.map(({ value }) => {
		const event = JSON.parse(value) as WindowStreamEvent;
		expect(validate(WindowStreamEvent, event)).toEqual([]);
		const { window_start, unique_users: users, average_order_value: average, ...rest } = event.data;
		const { currency, orders, revenue, revision, final } = rest;
		const start = Date.parse(window_start);
		return { start, currency, orders, revenue, users, average, revision, final };
	});
}

async function results(): Promise<Result[]> {
	return store.rows<Result & Record<string, unknown>>(
		`select (extract(epoch from window_start) * 1000)::float8 as start, currency, orders, revenue_minor::float8 as revenue,
			unique_users as users, average_minor::float8 as average, revision, final
		from analytics.results order by window_start, currency`
	);
}

describe("windows in Postgres", () => {
	it("equal a computation over all events, in any order of arrival", async () => {
		const property = fc.asyncProperty(arrivals(sale(5)), steps, async (taken, done) => {
			await store.begin(logOf(taken, ({ rank }) => rank).map(part => part.map(eventOf)));
			await store.emitter.emitDue();
			await store.tick(10_000);
			await applySteps(done);
			await store.settle();
			const everything = await emittedResults();
			expect(totalsOf(await results())).toEqual(
				batch(taken.map(({ fact }) => ({ ...fact, at: fact.at + shift })))
			);
			expectValidRevisions(everything);
			const last = new Map(
				everything.map(result => [`${result.start} ${result.currency}`, result])
			);
			expect(new Set(last.values())).toEqual(new Set(await results()));
		});
		await fc.assert(property, { numRuns: 25, interruptAfterTimeLimit: 90_000 });
	}, 120_000);
});

const after = (ms: number, spec: Parameters<typeof buildOrderEvent>[0] = {}) =>
	buildOrderEvent({ at: minute + ms, ...spec });
const summary = async () =>
	(await results()).map(({ start, orders, revenue, users, revision }) => [
		(start - minute) / windowMs,
		orders,
		revenue,
		users,
		revision
	]);

describe("an emitted window", () => {
	it("waits for a partition that has not been read yet, and for the log to list the partitions", async () => {
		await store.begin([[after(0)], [after(70_000)]]);
		await store.deliver(0, 1);
		await store.tick(60_000);
		expect(await store.emitter.emitDue()).toBe(0);
		await store.deliver(1, 1);
		expect(await store.emitter.emitDue()).toBe(1);
		expect(await summary()).toEqual([[0, 1, 1000, 1, 1]]);
	});

	it("does not wait for messages that expired before they were read", async () => {
		await store.begin([[after(0), after(1), after(2)], [after(70_000)]]);
		await store.deliver(0, 1);
		await store.deliver(1, 1);
		await store.tick(60_000);
		expect(await store.emitter.emitDue()).toBe(0);
		store.dropped = 3;
		expect(await store.emitter.emitDue()).toBe(2);
		expect(await summary()).toEqual([
			[0, 1, 1000, 1, 1],
			[1, 1, 1000, 1, 1]
		]);
	});

	it("is corrected when more events arrive, five seconds after it was emitted at the earliest", async () => {
		await store.begin([[after(0), after(90_000), after(1), after(2)]]);
		await store.deliver(0, 2);
		expect(await store.emitter.emitDue()).toBe(1);
		await store.deliver(0, 1);
		expect(await store.emitter.emitDue()).toBe(0);
		await store.deliver(0, 1);
		await store.tick(5000);
		expect(await store.emitter.emitDue()).toBe(1);
		expect(await store.emitter.emitDue()).toBe(0);
		expect(await summary()).toEqual([[0, 3, 3000, 1, 2]]);
	});

	it("has a sequence number in the order in which it became visible", async () => {
		const read = () =>
			store.rows<{ seq: string }>("select seq from analytics.results order by seq");
		await store.begin([[after(0), after(60_000), after(150_000), after(1)]]);
		await store.deliver(0, 3);
		await store.emitter.emitDue();
		const [first, second] = await read();
		await store.deliver(0, 1);
		await store.tick(5000);
		await store.emitter.emitDue();
		expect((await read()).map(({ seq }) => Number(seq))).toEqual([
			Number(second!.seq),
			Number(second!.seq) + 1
		]);
		expect(Number(first!.seq)).toBeLessThan(Number(second!.seq));
	});

	it("is not emitted while another emitter holds the lock", async () => {
		await store.begin([[after(0), after(90_000)]]);
		await store.deliver(0, 2);
		await store.pg.transaction(async tx => {
			expect(await tx.query(acquireEmitterLock, ["orders"])).toEqual([{ mine: true }]);
			expect(await store.emitter.emitDue()).toBe(0);
		});
		expect(await store.emitter.emitDue()).toBe(1);
	});

	it("is emitted by one of two concurrent emitters", async () => {
		await store.begin([[after(0), after(90_000)]]);
		await store.deliver(0, 2);
		const passes = await Promise.all([1, 2, 3].map(() => store.emitter.emitDue()));
		expect(passes.reduce((a, b) => a + b)).toBe(1);
		expect(await summary()).toEqual([[0, 1, 1000, 1, 1]]);
	});

	it("skips a window that a consumer is updating, and emits it afterwards", async () => {
		await store.begin([[after(0), after(60_000), after(150_000)]]);
		await store.deliver(0, 3);
		const lock = `select from analytics.windows where window_start = $1 for update`;
		await store.pg.transaction(async tx => {
			await tx.query({ name: "hold", text: lock }, [new Date(minute)]);
			expect(await store.emitter.emitDue()).toBe(1);
		});
		expect(await summary()).toEqual([[1, 1, 1000, 1, 1]]);
		expect(await store.emitter.emitDue()).toBe(1);
		expect(await summary()).toEqual([
			[0, 1, 1000, 1, 1],
			[1, 1, 1000, 1, 1]
		]);
	});

	it("takes no event any more once it is final, whatever watermark the event's transaction read", async () => {
		const [start, last] = [minute - allowedLatenessMs, after(90_000)];
		const old = after(1 - allowedLatenessMs);
		await store.begin([
			[after(-allowedLatenessMs), last],
			[{ ...last, id: derivedId(namespace, "other") }, old]
		]);
		await store.deliver(0, 2);
		await store.deliver(1, 1);
		const { promise: isEmitting, resolve } = Promise.withResolvers<void>();
		onHit(async () => resolve());
		arm({ point: "analytics.window.after_emit", mode: "delay", ms: 500 });
		const emitted = store.emitter.emitDue();
		await isEmitting;
		// It begins before the emitter's transaction ends, and so does not see its watermark.
		await Promise.all([emitted, store.deliver(1, 1)]);
		await store.settle();
		disarmAll();
		const first = (await emittedResults()).filter(result => result.start === start);
		expect(first).toMatchObject([{ orders: 1, revision: 1, final: true }]);
		expect(await store.rows("select event_id from analytics.late_events")).toEqual([
			{ event_id: old.id }
		]);
	});

	it("takes events again once a replay has reset it, and keeps its revision where they are the same", async () => {
		const sold = after(-allowedLatenessMs);
		await store.begin([[sold, after(90_000)]]);
		await store.deliver(0, 2);
		await store.emitter.emitDue();
		expect((await results())[0]).toMatchObject({ orders: 1, revision: 1, final: true });
		await store.pg.transaction(tx => resetWindows(minute - allowedLatenessMs, tx));
		const replayed = {
			topic: "orders",
			partition: 0,
			events: [sold],
			next: 1n,
			end: 2n,
			again: true
		};
		await store.pg.transaction(tx => applyEvents(replayed, tx));
		await store.tick(correctEveryMs);
		await store.emitter.emitDue();
		expect((await results())[0]).toMatchObject({ orders: 1, revision: 1, final: true });
		const sent = await store.rows<{ id: string; data: object }>(
			`select value::json->>'id' as id, value::json->'data' as data from analytics.outbox
			where topic = 'analytics-results' and key = '${new Date(minute - allowedLatenessMs).toISOString()}/USD'`
		);
		expect(sent).toHaveLength(2);
		expect(sent[1]).toEqual(sent[0]);
	});

	it("is final a day later, and its users are deleted an hour after that", async () => {
		const users = () => store.rows("select from analytics.window_users");
		await store.begin([[after(-allowedLatenessMs), after(90_000)]]);
		await store.deliver(0, 2);
		await store.emitter.emitDue();
		expect((await results())[0]).toMatchObject({ revision: 1, final: true });
		await store.pg.query(purgeWindowUsers);
		expect(await users()).toHaveLength(2);
		await store.tick(3_600_000);
		await store.pg.query(purgeWindowUsers);
		expect(await users()).toHaveLength(1);
	});
});

describe("an event that is more than a day late", () => {
	it("is stored separately, and counted in no window", async () => {
		const [old, last] = [after(-allowedLatenessMs), after(90_000)];
		await store.begin([[last, old, { ...old }]]);
		await store.deliver(0, 1);
		await store.emitter.emitDue();
		await store.deliver(0, 2);
		await store.settle();
		expect(await summary()).toEqual([[1, 1, 1000, 1, 1]]);
		const set = await store.rows("select event_id, amount_minor::int from analytics.late_events");
		expect(set).toEqual([{ event_id: old.id, amount_minor: 1000 }]);
		const [row, ...more] = await store.rows<{ key: string; value: string }>(
			"select key, value from analytics.outbox where topic = 'analytics-late'"
		);
		expect(more).toEqual([]);
		expect([row!.key, JSON.parse(row!.value)]).toEqual([old.partitionkey, old]);
	});
});

describe("besides the windows", () => {
	it("units and revenue are summed by product, and cancellations and refunds by minute", async () => {
		const items = [
			{ product_id: "mug", quantity: 3, unit_price: 500 },
			{ product_id: "cap", quantity: 1, unit_price: 900 }
		];
		const back = {
			id: derivedId(namespace, "return"),
			items: [],
			refunded: { amount: 300, currency: "USD" }
		};
		await store.begin([
			[
				after(0, { items }),
				after(1, { items: items.slice(1) }),
				...(["cancelled", "refunded", "rejected"] as const).map((type, ms) =>
					after(ms, { type: `order.${type}`, total: 700 })
				),
				after(9, { type: "order.returned", return: back, total: 700 })
			]
		]);
		await store.settle();
		expect(
			await store.rows(
				"select product_id, orders, units, revenue_minor::int from analytics.product_sales order by 1"
			)
		).toEqual([
			{ product_id: "cap", orders: 2, units: 2, revenue_minor: 1800 },
			{ product_id: "mug", orders: 1, units: 3, revenue_minor: 1500 }
		]);
		expect(
			await store.rows("select type, orders, amount_minor::int from analytics.reversals order by 1")
		).toEqual([
			{ type: "cancelled", orders: 1, amount_minor: 700 },
			{ type: "refunded", orders: 1, amount_minor: 700 },
			{ type: "returned", orders: 1, amount_minor: 300 }
		]);
	});

	it("each refund counts with its own amount, and one that came back is taken off", async () => {
		const refund = (amount: number) => ({
			origin: "staff" as const,
			amount: { amount, currency: "USD" }
		});
		const next = windowMs;
		await store.begin([
			[
				after(0, { type: "order.refund_issued", total: 700, refund: refund(200) }),
				after(1, { type: "order.refunded", total: 700, refund: refund(500) }),
				after(2, { type: "order.refund_failed", total: 700, refund: refund(200) }),
				after(next, { type: "order.refund_failed", total: 700, refund: refund(500) }),
				after(next + 1, { type: "order.dispute_opened", total: 700 })
			]
		]);
		await store.settle();
		expect(
			await store.rows(
				"select type, orders, amount_minor::int from analytics.reversals order by window_start"
			)
		).toEqual([
			{ type: "refunded", orders: 1, amount_minor: 500 },
			{ type: "refunded", orders: -1, amount_minor: -500 }
		]);
	});

	it("partitions that are read concurrently neither deadlock nor lose a sale", async () => {
		const products = ["a", "b", "c", "d", "e", "f"].map(product_id => ({
			product_id,
			quantity: 1,
			unit_price: 100
		}));
		const log = Array.from({ length: 4 }, (_, p) =>
			Array.from({ length: 200 }, (_, n) =>
				after((n * 37) % 120_000, {
					user_id: `user-${p}-${n % 7}`,
					items: n % 2 ? products : products.toReversed()
				})
			)
		);
		await store.begin(log);
		const read = async (p: number) => {
			while ((await store.deliver(p, 7)) > 0);
		};
		await Promise.all([...log.keys()].map(read));
		await store.settle();
		expect(totalsOf(await results())).toEqual(
			batch(
				log.flat().map(({ time, data }) => ({
					kind: "sale" as const,
					at: Date.parse(time),
					currency: "USD",
					user_id: data.user_id,
					revenue: data.total.amount,
					lines: []
				}))
			)
		);
	});
});
