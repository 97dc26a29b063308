import { sessionLimits } from "../../../db/session-settings.ts";
import { newId } from "../../../lib/id.ts";
import { pause } from "../../../lib/retry.ts";
import { OffsetLost, type Driver } from "../../../streams/driver.ts";
import * as sql from "../../../streams/postgres/log.statements.ts";
import { connect } from "../../support/servers/database.ts";
import { badEvents } from "../../support/streams/bad-events.conformance.ts";
import { driverConformance } from "../../support/streams/driver.conformance.ts";
import { until } from "../../support/until.ts";
import { messagesRead } from "../../support/streams/messages-read.ts";
import { useDatabase } from "../../support/servers/use-database.ts";
import { streamDriver } from "../../support/streams/stream-driver.ts";

const database = useDatabase();
const waiting =
	"select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
const opened: Driver[] = [];

beforeAll(() => {
	database.defer(() => Promise.all(opened.map(driver => driver.close().catch(() => undefined))));
});

async function open(pruneEveryMs?: number): Promise<Driver> {
	const driver = streamDriver(database, 5, { pruneEveryMs });
	opened.push(driver);
	return driver;
}

describe("the log in Postgres", () => {
	driverConformance(() => open());
	describe("and bad events on it", () => badEvents(() => open()));
});

it("shows the extents apart from its users, who may have all connections of its pool", async () => {
	const driver = streamDriver(database, 1);
	opened.push(driver);
	const topic = `t-${newId()}`;
	const spec = { partitions: 1, cleanup: "delete", retentionMs: 60_000 } as const;
	await driver.createTopics([{ name: topic, ...spec }]);
	const owner = connect(database, undefined, 1);
	let isPublished = false;
	await owner.transaction(async tx => {
		const text = "select from streams.partition where topic = $1 for update";
		await tx.query({ name: "lock", text }, [topic]);
		const message = { key: "k", value: "waits for the row" };
		void driver
			.publish(topic, [message])
			.catch(() => undefined)
			.then(() => (isPublished = true));
		await until(async () => (await database.rows(waiting)).length > 0);
		await driver.extents(topic, { apart: true });
		expect(isPublished).toBe(false);
	});
	await owner.close();
}, 30_000);

describe("a member of the log in Postgres", () => {
	const topic = `t-${newId()}`;
	const numbers = (from: number, to: number) =>
		Array.from({ length: to - from }, (_, n) => ({ key: "k", value: String(from + n) }));

	it("reconnects after its session was cut, and reads on", async () => {
		const driver = await open();
		await driver.createTopics([
			{ name: topic, partitions: 1, cleanup: "delete", retentionMs: 60_000 }
		]);
		const got: string[] = [];
		const errors: Error[] = [];
		let next = 0n;
		await driver.subscribe({
			group: "g",
			topics: [topic],
			position: async () => next,
			onError: error => errors.push(error),
			async onBatch({ messages }) {
				got.push(...messages.map(({ value }) => value.toString()));
				return (next = messages.at(-1)!.offset + 1n);
			}
		});
		await driver.publish(topic, numbers(0, 5));
		await until(async () => got.length === 5, 10_000);
		await database.rows(
			"select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and usename = 'shop_streams'"
		);
		await until(async () => errors.length > 0, 10_000);
		await driver.publish(topic, numbers(5, 10)).catch(() => driver.publish(topic, numbers(5, 10)));
		await until(async () => got.length >= 10, 20_000);
		expect([...new Set(got)]).toEqual(numbers(0, 10).map(({ value }) => value));
	}, 60_000);

	it("gets no more than 8 MiB at once, and every message", async () => {
		const large = `t-${newId()}`;
		const driver = await open();
		const kept = { cleanup: "delete", retentionMs: 60_000 } as const;
		await driver.createTopics([{ name: large, partitions: 1, ...kept }]);
		for (let n = 0; n < 20; n++)
			await driver.publish(large, [{ key: "k", value: String(n).padEnd(900_000) }]);
		const batches: string[][] = [];
		await driver.subscribe({
			group: "large",
			topics: [large],
			position: async () => 0n,
			onError: () => undefined,
			async onBatch({ messages }) {
				batches.push(messages.map(({ value }) => value.toString().trim()));
				return messages.at(-1)!.offset + 1n;
			}
		});
		await until(async () => batches.flat().length === 20, 20_000);
		expect(batches.flat()).toEqual(Array.from({ length: 20 }, (_, n) => String(n)));
		expect(batches.map(({ length }) => length)).toEqual([9, 9, 2]);
	}, 40_000);

	it("reconnects as fast the seventh time as the first", async () => {
		const driver = await open();
		const [group, name] = [newId(), `t-${newId()}`];
		await driver.createTopics([{ name, partitions: 1, cleanup: "delete", retentionMs: 60_000 }]);
		let joined = 0;
		await driver.subscribe({
			group,
			topics: [name],
			position: async () => undefined,
			onError: () => undefined,
			onAssigned: partitions => (joined += partitions.length),
			onBatch: async ({ messages }) => messages.at(-1)!.offset + 1n
		});
		let tookMs = 0;
		for (let n = 0; n < 7; n++) {
			await until(async () => joined === n + 1, 20_000);
			const cutAt = performance.now();
			await database.rows(
				`select pg_terminate_backend(pid) from streams.member where consumer_group = '${group}'`
			);
			await until(async () => joined === n + 2, 20_000);
			tookMs = performance.now() - cutAt;
		}
		expect(tookMs).toBeLessThan(3000);
	}, 90_000);

	it("that is silent is removed, and its partitions are read by another", async () => {
		const driver = await open();
		const silent = newId();
		const holder = connect(database, "stream", 1);
		let isLost = false;
		const session = await holder.session({ onLost: () => (isLost = true) });
		const values = ["h", topic, 0];
		await session.query(
			{ name: "hold", text: "select pg_advisory_lock(hashtext($1 || ' ' || $2), $3)" },
			values
		);
		await session.query(
			{
				name: "join",
				text: "insert into streams.member values ('h', $1, $2, pg_backend_pid(), now() - interval '1 min')"
			},
			[silent, [topic]]
		);
		const got: string[] = [];
		await driver.subscribe({
			group: "h",
			topics: [topic],
			position: async () => 0n,
			onError: () => undefined,
			async onBatch({ messages }) {
				got.push(...messages.map(({ value }) => value.toString()));
				return messages.at(-1)!.offset + 1n;
			}
		});
		await until(async () => got.length >= 10, 20_000);
		expect(isLost).toBe(true);
		await holder.close();
	}, 60_000);
});

describe("retention of the log in Postgres", () => {
	const everyMs = 50;
	const errors: Error[] = [];
	let assigned: number[] = [];

	/** A member like any other: it prunes all topics, not only its own. */
	async function member(driver: Driver, topic: string, group = newId()): Promise<void> {
		await driver.subscribe({
			group,
			topics: [topic],
			position: async () => undefined,
			// Some messages are removed before they are read.
			onError: error => error instanceof OffsetLost || errors.push(error),
			onAssigned: partitions => assigned.push(partitions.length),
			onBatch: async ({ messages }) => messages.at(-1)!.offset + 1n
		});
	}
	const left = async (topic: string) => {
		const rows = await database.rows<{ value: Buffer }>(
			"select value from streams.message where topic = $1 order by partition, position",
			[topic]
		);
		return rows.map(({ value }) => value.toString());
	};
	const age = (topic: string, below: number) =>
		database.rows(
			"update streams.message set at = now() - interval '1 h' where topic = $1 and position < $2",
			[topic, below]
		);
	const keyed = (count: number, keys: number) =>
		Array.from({ length: count }, (_, n) => ({ key: `k${n % keys}`, value: String(n) }));

	beforeEach(() => {
		errors.length = 0;
		assigned = [];
	});
	afterEach(() =>
		Promise.all(opened.splice(0).map(driver => driver.close().catch(() => undefined)))
	);

	it("keeps messages that have not expired", async () => {
		const writer = await open();
		const topic = `old-${newId()}`;
		const kept = { cleanup: "delete", retentionMs: 60_000 } as const;
		await writer.createTopics([{ name: topic, partitions: 1, ...kept }]);
		await writer.publish(topic, keyed(2500, 7));
		await age(topic, 2300);
		for (const driver of [await open(everyMs), await open(everyMs)]) await member(driver, topic);
		await until(async () => (await left(topic)).length === 200, 10_000);
		expect(await writer.extents(topic)).toEqual([{ partition: 0, first: 2300n, next: 2500n }]);
		await age(topic, 2500);
		await until(async () => (await left(topic)).length === 0, 10_000);
		expect(await writer.extents(topic)).toEqual([{ partition: 0, first: 2500n, next: 2500n }]);
		expect(errors).toEqual([]);
	}, 30_000);

	it("keeps the last message of each key of a compacted topic, also of later messages", async () => {
		const writer = await open();
		const topic = `compact-${newId()}`;
		await writer.createTopics([{ name: topic, partitions: 1, cleanup: "compact", retentionMs: 1 }]);
		await writer.publish(topic, keyed(2500, 3));
		for (const driver of [await open(everyMs), await open(everyMs)]) await member(driver, topic);
		await until(async () => (await left(topic)).length === 3, 10_000);
		expect(await left(topic)).toEqual(["2497", "2498", "2499"]);
		await writer.publish(topic, [{ key: "k0", value: "later" }]);
		await until(async () => (await left(topic)).length === 3, 10_000);
		expect(await left(topic)).toEqual(["2497", "2498", "later"]);
		expect(await writer.extents(topic)).toEqual([{ partition: 0, first: 2497n, next: 2501n }]);
		expect(errors).toEqual([]);
	}, 30_000);

	it("compacts from the beginning when the log was lost", async () => {
		const topic = `lost-${newId()}`;
		const driver = await open(everyMs);
		await driver.createTopics([{ name: topic, partitions: 1, cleanup: "compact", retentionMs: 1 }]);
		await driver.publish(topic, keyed(50, 1));
		await member(driver, topic);
		await until(async () => (await left(topic)).length === 1, 10_000);
		await database.rows(
			`delete from streams.message where topic = '${topic}'; update streams.partition set next_offset = 0 where topic = '${topic}'`
		);
		await driver.publish(topic, keyed(10, 2));
		await until(async () => (await left(topic)).length === 2, 10_000);
		expect(await left(topic)).toEqual(["8", "9"]);
	}, 30_000);

	it("does not wait for a member whose transaction stands still", async () => {
		const writer = await open();
		const [held, free] = [`held-${newId()}`, `free-${newId()}`];
		const kept = { partitions: 1, cleanup: "compact", retentionMs: 1 } as const;
		await writer.createTopics([
			{ ...kept, name: held },
			{ ...kept, name: free }
		]);
		for (const topic of [held, free]) await writer.publish(topic, keyed(50, 1));
		await database.rows(`
			delete from streams.compaction where topic = '${held}';
			insert into streams.member values ('held', gen_random_uuid(), '{}', 1, now() - interval '1 min')`);
		const db = connect(database, "stream", 1);
		await db.transaction(async tx => {
			const text = `
				with row as (insert into streams.compaction (topic, partition) values ('${held}', 0))
				update streams.member set seen_at = now() where consumer_group = 'held'`;
			await tx.query({ name: "hold", text });
			await member(await open(everyMs), free, "held");
			await until(async () => (await left(free)).length === 1, 10_000);
			await pause(sessionLimits.lock_timeout + 500);
		});
		await db.close();
		expect(errors).toEqual([]);
	}, 30_000);

	it("reads nothing when there is nothing to remove", async () => {
		const driver = await open();
		const [young, compacted] = [`young-${newId()}`, `compacted-${newId()}`];
		const kept = { partitions: 1, retentionMs: 60_000 };
		await driver.createTopics([
			{ ...kept, name: young, cleanup: "delete" },
			{ ...kept, name: compacted, cleanup: "compact" }
		]);
		for (const topic of [young, compacted]) await driver.publish(topic, keyed(3000, 3000));
		await age(young, 10);
		expect(
			await messagesRead(database, sql.expire, [young, 0, 60_000, "-infinity", 1000])
		).toBeLessThan(100);
		expect((await left(young)).length).toBe(2990);
		await messagesRead(database, sql.compact, [compacted, 0, 10_000]);
		await driver.publish(compacted, keyed(10, 10));
		expect(await messagesRead(database, sql.compact, [compacted, 0, 10_000])).toBeLessThan(100);
		expect((await left(compacted)).length).toBe(3000);
	});

	it("does not lose a partition when pruning fails, and retries", async () => {
		const topic = `kept-${newId()}`;
		const driver = await open(everyMs);
		await driver.createTopics([
			{ name: topic, partitions: 2, cleanup: "delete", retentionMs: 60_000 }
		]);
		await driver.publish(topic, keyed(10, 7));
		await age(topic, 10);
		await database.rows("revoke delete on streams.message from shop_streams");
		await member(driver, topic);
		await until(async () => errors.length >= 5, 20_000);
		await database.rows("grant delete on streams.message to shop_streams");
		await until(async () => (await left(topic)).length === 0, 10_000);
		expect(errors.every(({ message }) => message.includes("permission denied"))).toBe(true);
		expect(assigned).toEqual([2]);
	}, 40_000);
});
