import { setTimeout as delay } from "node:timers/promises";
import { Database, serviceUrl } from "../../../db/database.ts";
import { newId } from "../../../lib/id.ts";
import { Consumer, type ConsumerOptions } from "../../../streams/consumer/consumer.ts";
import type { Driver, SubscribeOptions } from "../../../streams/driver.ts";
import { PostgresDriver } from "../../../streams/postgres/postgres.driver.ts";
import {
	asOwner,
	consumerTables,
	readTestEvent,
	type TestEvent
} from "../../support/streams/consumer-fixtures.ts";
import { testDatabase, type TestDatabase } from "../../support/servers/database.ts";
import { until } from "../../support/until.ts";

/** A stalled consumer reports it, so that its process is restarted. */

let database: TestDatabase;
let db: Database;
let log: PostgresDriver;
let topic: string;
let schema: string;
const consumers: Consumer<TestEvent>[] = [];
const [stalled, errors]: [string[], Error[]] = [[], []];
const watch = { everyMs: 50, silentMs: 400 };

beforeAll(async () => {
	database = await testDatabase();
	db = asOwner(database);
	const url = serviceUrl(database.url, "stream");
	log = new PostgresDriver(
		new Database({ url, pool: 6, durability: "prefix", name: "shop stream" })
	);
}, 30_000);

beforeEach(async () => {
	topic = `t-${newId()}`;
	schema = `s_${newId().replaceAll("-", "")}`;
	await log.createTopics([
		{ name: topic, partitions: 2, cleanup: "delete", retentionMs: 3_600_000 }
	]);
	await database.rows(consumerTables(schema));
	for (const list of [stalled, errors]) list.length = 0;
});

afterEach(async () => {
	await Promise.all(consumers.splice(0).map(consumer => consumer.stop()));
});

afterAll(async () => {
	await log?.close();
	await db?.close();
	await database.drop();
});

/** A driver that assigns partitions and delivers nothing. */
const silent = (assigned: number[]): Driver =>
	Object.assign(Object.create(log) as Driver, {
		extents: (name: string) => log.extents(name),
		async subscribe({ onAssigned }: SubscribeOptions) {
			onAssigned?.(assigned.map(partition => ({ topic, partition })));
			return { reposition: () => undefined, stop: () => Promise.resolve() };
		}
	});

async function consume(over: Partial<ConsumerOptions<TestEvent>> = {}): Promise<void> {
	const consumer = new Consumer<TestEvent>({
		driver: log,
		db,
		schema,
		group: schema,
		topics: [topic],
		read: readTestEvent,
		watch,
		handle: () => Promise.resolve(),
		onError: error => errors.push(error),
		onDeadLettered: () => undefined,
		onStalled: words => stalled.push(words),
		...over
	});
	await consumer.start();
	consumers.push(consumer);
}

const send = (key = "k") =>
	log.publish(topic, [{ key, value: JSON.stringify({ id: newId(), text: "a" }) }]);
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
	await database.rows(`delete from streams.message where topic = '${topic}'`);
	await database.rows(
		`insert into ${schema}.position (topic, partition, next_offset) select '${topic}', n, 0 from generate_series(0, 1) as n`
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
	expect(stalled[0]).toContain(`${topic} ${hung}`);
}, 30_000);

it("but not while the log or the database is down, nor immediately after", async () => {
	await send();
	let isAway = true;
	const driver = Object.assign(silent([0, 1]), {
		extents: (name: string) =>
			isAway ? Promise.reject(new Error("the log is away")) : log.extents(name)
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
	await until(async () => handled === 1, 10_000);
	await database.rows(`update ${schema}.position set next_offset = 0`);
	await database.rows(`delete from ${schema}.inbox`);
	await until(async () => handled === 2, 10_000);
	expect(stalled).toEqual([]);
}, 30_000);
