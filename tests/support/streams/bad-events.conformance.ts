import { schemaOf, type OrderStreamEvent } from "../../../contracts/events.ts";
import type { Database } from "../../../db/database.ts";
import { newId } from "../../../lib/id.ts";
import { Consumer } from "../../../streams/consumer/consumer.ts";
import type { Driver } from "../../../streams/driver.ts";
import { readOrderEvent } from "../../../streams/messages/order-events.ts";
import { asOwner, consumerTables } from "./consumer-fixtures.ts";
import { testDatabase, type TestDatabase } from "../servers/database.ts";
import { buildOrderEvent } from "./order-message.ts";
import { until } from "../until.ts";

const timeoutMs = 10_000;
/** Milliseconds to handle the next good event; the median, because machines pause. */
const handledWithinMs = 1000;

const good = (): OrderStreamEvent => buildOrderEvent();
const having = (over: object) => JSON.stringify({ ...good(), ...over });
const without = (name: keyof OrderStreamEvent) => having({ [name]: undefined });
const costing = (amount: number, currency = "USD") => {
	const event = good();
	return JSON.stringify({ ...event, data: { ...event.data, total: { amount, currency } } });
};
const inMs = (ms: number) => new Date(Date.now() + ms).toISOString();

/** Title, value, reason of the dead letter, and the key if that is wrong. */
const cases: [string, () => string | Buffer, string, string?][] = [
	["that is not JSON", () => "{ not json", "not-json"],
	["that is empty", () => "", "not-json"],
	["of another schema", () => having({ data: { hello: "world" } }), "invalid"],
	["of an unknown type", () => having({ type: "order.eaten" }), "unknown-type"],
	[
		"of an unknown version",
		() => having({ dataschema: schemaOf("order.confirmed", 2) }),
		"unknown-version"
	],
	["without an id", () => without("id"), "invalid"],
	["of 1 MiB", () => JSON.stringify({ x: "x".repeat(1024 * 1024 - 8) }), "too-large"],
	["of bytes that are not UTF-8", () => Buffer.from([0xff, 0xfe, 0]), "not-json"],
	["of 1.5 MiB of such bytes", () => Buffer.alloc(1_500_000, 0xff), "too-large"],
	["with a negative amount", () => costing(-1), "invalid"],
	["with an unknown currency", () => costing(1, "ZZZ"), "invalid"],
	["of the future", () => having({ time: inMs(3_600_000) }), "time-in-future"],
	["of 1970", () => having({ time: "1970-01-01T00:00:00.000Z" }), "time-too-old"],
	["under another key", () => having({}), "wrong-key", "user-456"]
];

/** Bad events between good ones, over a log: each is dead-lettered with its reason, and the next is handled. */
export function badEvents(open: () => Promise<Driver>): void {
	const topic = `bad-${newId()}`;
	const schema = `s_${newId().replaceAll("-", "")}`;
	let database: TestDatabase;
	let db: Database;
	let driver: Driver;
	let consumer: Consumer<OrderStreamEvent>;
	const tookMs: number[] = [];

	beforeAll(async () => {
		database = await testDatabase();
		db = asOwner(database);
		driver = await open();
		await database.rows(consumerTables(schema));
		const spec = { partitions: 1, cleanup: "delete", retentionMs: 3_600_000 } as const;
		await driver.createTopics([
			{ name: topic, ...spec },
			{ name: `${topic}.dlq`, ...spec }
		]);
		consumer = new Consumer<OrderStreamEvent>({
			driver,
			db,
			schema,
			group: schema,
			topics: [topic],
			read: readOrderEvent,
			async handle({ events }, tx) {
				const text = `insert into ${schema}.effect (event_id, text) select id, '' from unnest($1::uuid[]) as id`;
				await tx.query({ name: `effect ${schema}`, text }, [events.map(({ id }) => id)]);
			},
			onError: () => undefined,
			onDeadLettered: () => undefined,
			onStalled: () => undefined
		});
		await consumer.start();
	}, 60_000);

	afterAll(async () => {
		await consumer?.stop();
		await driver?.close();
		await db?.close();
		await database?.drop();
	}, 60_000);

	const count = async (of: string) =>
		(
			await database.rows<{ count: number }>(`select count(*)::int as count from ${schema}.${of}`)
		)[0]!.count;

	it.each(
		cases.map(([name, value, reason, key]) => ({ name, value, reason, key: key ?? "user-123" }))
	)(
		"an event $name is dead-lettered, and the next one is handled",
		async ({ value, reason, key }) => {
			const next = good();
			const before = await count("dead_letter");
			const written = value();
			const begun = performance.now();
			await driver.publish(topic, [
				{ key, value: written, headers: { from: "a stranger" } },
				{ key: next.partitionkey, value: JSON.stringify(next) }
			]);
			const handled = `effect where event_id = '${next.id}'`;
			await until(async () => (await count(handled)) === 1, timeoutMs);
			tookMs.push(performance.now() - begun);
			expect(await count("dead_letter")).toBe(before + 1);
			const [deadLetter] = await database.rows<{ reason: string; value: Buffer; headers: object }>(
				`select reason, value, headers from ${schema}.dead_letter order by "offset" desc limit 1`
			);
			expect(deadLetter!.reason).toBe(reason);
			expect(deadLetter!.headers).toMatchObject({ from: "a stranger" });
			expect(deadLetter!.value.equals(Buffer.from(written as Buffer))).toBe(true);
		},
		30_000
	);

	it("a bad event does not delay the next one", () => {
		expect(tookMs).toHaveLength(cases.length);
		expect(tookMs.toSorted((a, b) => a - b)[tookMs.length >> 1]).toBeLessThan(handledWithinMs);
	});

	it("each of them is in the dead-letter topic, with its reason", async () => {
		const reasons: string[] = [];
		const { stop } = await driver.subscribe({
			group: newId(),
			topics: [`${topic}.dlq`],
			position: async () => undefined,
			onError: () => undefined,
			async onBatch({ messages }) {
				reasons.push(...messages.map(({ headers }) => headers["dlq-reason"]!));
				return messages.at(-1)!.offset + 1n;
			}
		});
		await until(async () => reasons.length >= cases.length, 20_000);
		await stop();
		expect(new Set(reasons)).toEqual(new Set(cases.map(([, , reason]) => reason)));
	}, 40_000);
}
