import { Database, serviceUrl } from "../../db/database.ts";
import { newId } from "../../lib/id.ts";
import type { Driver } from "../../streams/driver.ts";
import { LocalDriver } from "../../streams/local.ts";
import { testDatabase, type TestDatabase } from "../support/database.ts";
import { badEvents } from "../support/bad-events.conformance.ts";
import { driverConformance } from "../support/streams.conformance.ts";
import { until } from "../support/until.ts";

let database: TestDatabase;

beforeAll(async () => {
	database = await testDatabase();
}, 30_000);

const opened: Driver[] = [];

afterAll(async () => {
	await Promise.all(opened.map(driver => driver.close().catch(() => undefined)));
	await database.drop();
});

async function open(): Promise<Driver> {
	const url = serviceUrl(database.url, "stream");
	const driver = new LocalDriver(
		new Database({ url, pool: 5, durability: "prefix", name: "shop stream" })
	);
	opened.push(driver);
	return driver;
}

describe("the log in Postgres", () => {
	driverConformance(open);
	describe("and bad events on it", () => badEvents(open));
});

describe("a member of the log in Postgres", () => {
	const topic = `t-${newId()}`;
	const numbers = (from: number, to: number) =>
		Array.from({ length: to - from }, (_, n) => ({ key: "k", value: String(from + n) }));

	it("comes back after its session was cut, and reads on", async () => {
		const driver = await open();
		await driver.createTopics([
			{ name: topic, partitions: 1, cleanup: "delete", retentionMs: 60_000 }
		]);
		const got: string[] = [];
		const errors: Error[] = [];
		let next = 0n;
		await driver.subscribe({
			...{ group: "g", topics: [topic], position: async () => next },
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

	it("comes back as fast the seventh time as the first", async () => {
		const driver = await open();
		const [group, name] = [newId(), `t-${newId()}`];
		await driver.createTopics([{ name, partitions: 1, cleanup: "delete", retentionMs: 60_000 }]);
		let joined = 0;
		await driver.subscribe({
			...{ group, topics: [name], position: async () => undefined, onError: () => undefined },
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

	it("that fell silent is put out, and its partitions are read by another", async () => {
		const driver = await open();
		const silent = newId();
		const holder = new Database({
			...{ url: serviceUrl(database.url, "stream"), pool: 1, durability: "prefix" },
			name: "shop stream"
		});
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
			...{ group: "h", topics: [topic], position: async () => 0n, onError: () => undefined },
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

describe("what the log in Postgres keeps", () => {
	it("is the last of each key where it is compacted, and what is young enough elsewhere", async () => {
		const driver = await open();
		await driver.createTopics([
			{ name: "compact", partitions: 1, cleanup: "compact", retentionMs: 1 },
			{ name: "old", partitions: 1, cleanup: "delete", retentionMs: 60_000 }
		]);
		for (const topic of ["compact", "old"])
			await driver.publish(
				topic,
				["1", "2", "3"].map((value, n) => ({ key: n < 2 ? "a" : "b", value }))
			);
		await database.rows(
			"update streams.message set at = now() - interval '1 h' where topic = 'old' and position < 2"
		);
		const { prune } = await import("../../streams/local.statements.ts");
		await database.rows(prune.text);
		const left = await database.rows<{ topic: string; value: Buffer }>(
			"select topic, value from streams.message where topic in ('compact', 'old') order by 1, position"
		);
		expect(left.map(({ topic, value }) => `${topic} ${value}`)).toEqual([
			"compact 2",
			"compact 3",
			"old 3"
		]);
		expect(await driver.extents("old")).toEqual([{ partition: 0, first: 2n, next: 3n }]);
	});
});
