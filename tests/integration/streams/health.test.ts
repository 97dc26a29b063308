import { setTimeout as delay } from "node:timers/promises";
import { newId } from "../../../lib/id.ts";
import type { ConsumerOptions } from "../../../streams/consumer/consumer.ts";
import type { Driver, SubscribeOptions } from "../../../streams/driver.ts";
import { readTestEvent, type TestEvent } from "../../support/streams/consumer-fixtures.ts";
import { until } from "../../support/until.ts";
import { useStream } from "../../support/streams/use-stream.ts";

/** A stalled consumer reports it, so that its process is restarted. */

const stream = useStream(readTestEvent, { partitions: 2 });
const { database, errors, stalled } = stream;
const watch = { everyMs: 50, silentMs: 400 };

/** A driver that assigns partitions and delivers nothing. */
const silent = (assigned: number[]): Driver =>
	Object.assign(Object.create(stream.driver) as Driver, {
		extents: stream.driver.extents.bind(stream.driver),
		async subscribe({ onAssigned }: SubscribeOptions) {
			onAssigned?.(assigned.map(partition => ({ topic: stream.topic, partition })));
			return { reposition: () => undefined, stop: () => Promise.resolve() };
		}
	});

/** A driver that delivers the same message, whatever becomes of it, until the test is over. */
function redelivering(): Driver {
	const value = Buffer.from(JSON.stringify({ id: newId(), text: "a" }));
	const place = { topic: stream.topic, partition: 0 };
	const message = { ...place, offset: 0n, key: "k", value, headers: {}, at: new Date() };
	const batch = { ...place, messages: [message], end: 1n, isStale: () => false };
	const stopping = new AbortController();
	const deliver = async ({ onBatch, onError }: SubscribeOptions) => {
		while (!stopping.signal.aborted) await onBatch(batch).catch(onError);
	};
	return Object.assign(silent([0]), {
		async subscribe(options: SubscribeOptions) {
			options.onAssigned?.([place]);
			const delivered = deliver(options);
			const stop = () => (stopping.abort(), delivered);
			return { reposition: () => undefined, stop };
		}
	});
}

const consume = (over: Partial<ConsumerOptions<TestEvent>> = {}) =>
	stream.consume({ watch, handle: () => Promise.resolve(), ...over });

const send = (key = "k") =>
	stream.driver.publish(stream.topic, [{ key, value: JSON.stringify({ id: newId(), text: "a" }) }]);
const untilStalled = () => until(async () => stalled.length > 0, 10_000);

it("when the driver delivers nothing", async () => {
	await consume({ driver: silent([0, 1]) });
	await delay(2 * watch.silentMs);
	expect(stalled).toEqual([]);
	await send();
	await untilStalled();
	expect(stalled[0]).toMatch(/made no progress for 0.4 s, and 1 messages of t-\S+ [01] wait/);
}, 20_000);

it("when it was removed from its group and cannot rejoin", async () => {
	await send();
	await consume({ driver: silent([]) });
	await untilStalled();
}, 20_000);

it("when handling always fails, though no server is down", async () => {
	await send();
	const late = Object.assign(new Error("took too long"), { code: "57014" });
	await consume({ handle: () => Promise.reject(late) });
	await untilStalled();
	expect(errors.length).toBeGreaterThan(0);
}, 20_000);

describe("when all connections of its pool are in use", () => {
	let isOver = false;
	const used: Promise<unknown>[] = [];

	/** Transactions that are never idle for long, so that no time limit ends them. */
	async function useUp(): Promise<void> {
		const nap = { name: "nap", text: "select pg_sleep(0.2)" };
		isOver = false;
		const size = 4;
		const { promise, resolve } = Promise.withResolvers<void>();
		let running = 0;
		for (let n = 0; n < size; n++)
			used.push(
				database.db.transaction(async tx => {
					if (++running === size) resolve();
					while (!isOver) await tx.query(nap);
				})
			);
		await promise;
	}
	afterEach(async () => {
		isOver = true;
		await Promise.all(used.splice(0));
	});

	it("and the driver delivers nothing", async () => {
		await consume({ driver: silent([0, 1]) });
		await send();
		await useUp();
		await untilStalled();
	}, 30_000);

	it("and it cannot handle what is delivered", async () => {
		// At least one is in the partition that it is assigned.
		for (const key of ["a", "b", "c", "d"]) await send(key);
		await useUp();
		await consume({ driver: redelivering(), watch: { everyMs: 500, silentMs: 12_000 } });
		await until(async () => stalled.length > 0, 40_000);
		// On a slow machine the first attempt begins late; each waits 5 s for a connection.
		await until(() => errors.length > 1, 15_000);
	}, 60_000);
});

it("but not while servers are down that it needs", async () => {
	await send();
	const away = Object.assign(new Error("the table throttles"), { isTransient: true });
	// Longer than the pause between two attempts.
	await consume({ prepare: () => Promise.reject(away), watch: { ...watch, silentMs: 2500 } });
	await delay(5000);
	expect(stalled).toEqual([]);
	expect(errors.length).toBeGreaterThan(1);
}, 20_000);

it("but not for messages that expired before they were read", async () => {
	await send();
	await database.rows(`delete from streams.message where topic = '${stream.topic}'`);
	await database.rows(
		`insert into ${stream.schema}.position (topic, partition, next_offset) select '${stream.topic}', n, 0 from generate_series(0, 1) as n`
	);
	await consume({ driver: silent([0, 1]) });
	await delay(3 * watch.silentMs);
	expect(stalled).toEqual([]);
}, 20_000);

it("when one partition is stalled beside one that is not", async () => {
	const keys = ["a", "b", "c", "d"];
	let hung: number | undefined;
	await consume({
		async handle({ partition }) {
			hung ??= partition;
			if (partition === hung) throw Object.assign(new Error("away"), { code: "57014" });
		}
	});
	await until(async () => {
		for (const key of keys) await send(key);
		return stalled.length > 0;
	}, 15_000);
	expect(stalled[0]).toContain(`${stream.topic} ${hung}`);
}, 30_000);

it("but not while the log or the database is down, nor immediately after", async () => {
	await send();
	let isAway = true;
	const driver = Object.assign(silent([0, 1]), {
		extents: (name: string) =>
			isAway ? Promise.reject(new Error("the log is away")) : stream.driver.extents(name)
	});
	await consume({ driver });
	await delay(2 * watch.silentMs);
	expect(stalled).toEqual([]);
	isAway = false;
	await delay(watch.silentMs / 2);
	expect(stalled).toEqual([]);
	await untilStalled();
}, 20_000);

it("but not while it works, or has nothing to do", async () => {
	await consume();
	for (let n = 0; n < 10; n++) {
		await send(String(n));
		await delay(100);
	}
	await delay(2 * watch.silentMs);
	expect(stalled).toEqual([]);
}, 20_000);

it("notices that positions were set back, though other partitions are busy", async () => {
	let handled = 0;
	await consume({
		handle: async ({ events }) => void (handled += events.length)
	});
	await send("a");
	// Committed: before that there is no row to set back.
	const moved = `update ${stream.schema}.position set next_offset = 0 where next_offset = 1 returning 1`;
	await until(async () => (await database.rows(moved)).length === 1, 10_000);
	await database.rows(`delete from ${stream.schema}.inbox`);
	await until(async () => handled === 2, 10_000);
	expect(stalled).toEqual([]);
}, 30_000);
