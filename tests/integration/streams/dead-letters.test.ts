import { Database, serviceUrl } from "../../../db/database.ts";
import { newId } from "../../../lib/id.ts";
import { Consumer, type ConsumerOptions } from "../../../streams/consumer/consumer.ts";
import { DeadLetters } from "../../../streams/consumer/dead-letter-queue.ts";
import { LocalDriver } from "../../../streams/postgres/postgres.driver.ts";
import { Unreadable } from "../../../streams/messages/event-reader.ts";
import { Replays, type ReplayMode } from "../../../streams/consumer/replay.runner.ts";
import {
	asOwner,
	consumerTables,
	readTold,
	type Told
} from "../../support/streams/consumer-fixtures.ts";
import { testDatabase, type TestDatabase } from "../../support/servers/database.ts";
import { until } from "../../support/until.ts";

/** What was put aside, through redrives, replays and the loss of the log. */

let database: TestDatabase;
let db: Database;
let driver: LocalDriver;
let topic: string;
let schema: string;
let consumer: Consumer<Told>;
let letters: DeadLetters<Told>;
let replays: Replays;
let isBroken: boolean;
let held: Promise<void> | undefined;

beforeAll(async () => {
	database = await testDatabase();
	db = asOwner(database);
	const url = serviceUrl(database.url, "stream");
	driver = new LocalDriver(
		new Database({ url, pool: 6, durability: "prefix", name: "shop stream" })
	);
}, 30_000);

/** An event whose text is a time is of the future until then, by the clock of its message. */
function read(message: Parameters<typeof readTold>[0]): Told {
	const event = readTold(message);
	if (Date.parse(event.text) > message.at.getTime())
		throw new Unreadable("time-in-future", event.text);
	return event;
}

const handle: ConsumerOptions<Told>["handle"] = async ({ events }, tx) => {
	await held;
	if (isBroken && events.some(({ text }) => text === "poison")) throw new TypeError("broken");
	const name = `effect ${schema}`;
	for (const { id, text } of events)
		await tx.query(
			{ name, text: `insert into ${schema}.effect (event_id, text) values ($1, $2)` },
			[id, text]
		);
};

beforeEach(async () => {
	topic = `t-${newId()}`;
	schema = `s_${newId().replaceAll("-", "")}`;
	[isBroken, held] = [false, undefined];
	const spec = { partitions: 1, cleanup: "delete", retentionMs: 3_600_000 } as const;
	await driver.createTopics([
		{ name: topic, ...spec },
		{ name: `${topic}.dlq`, ...spec }
	]);
	await database.rows(consumerTables(schema));
	const options = {
		...{ driver, db, schema, group: schema, topics: [topic], read, handle },
		...{ onError: () => undefined, onParked: () => undefined, onStuck: () => undefined }
	};
	letters = new DeadLetters(options);
	const takeBack = { name: `empty ${schema}`, text: `delete from ${schema}.effect` };
	replays = new Replays({
		...options,
		takeBack: async (_, tx) => void (await tx.query(takeBack))
	});
	consumer = new Consumer<Told>(options);
	await consumer.start();
});

afterEach(() => consumer.stop());

afterAll(async () => {
	await driver?.close();
	await db?.close();
	await database.drop();
});

const told = (text: string): Told => ({ id: newId(), text, time: new Date().toISOString() });
const send = (...values: (string | Buffer | Told)[]) =>
	driver.publish(
		topic,
		values.map(value => ({
			key: "k",
			value: typeof value === "string" || Buffer.isBuffer(value) ? value : JSON.stringify(value)
		}))
	);
const effects = async () =>
	(await database.rows<{ text: string }>(`select text from ${schema}.effect order by n`)).map(
		({ text }) => text
	);
const isAt = (offset: number) =>
	until(async () => {
		const [standing] = await replays.standings();
		return standing!.next === offset && !standing!.replay?.isRunning;
	}, 20_000);
const waiting = () => letters.list(false, undefined, 10);
const copies = async () =>
	(
		await database.rows<{ value: Buffer; headers: Record<string, string> }>(
			`select value, headers from streams.message where topic = '${topic}.dlq' order by position`
		)
	).map(({ value, headers }) => ({ value, headers }));

async function replay(mode: ReplayMode): Promise<void> {
	await replays.begin({ start: "oldest", mode });
	consumer.reposition();
}

it("copies the bytes of a message as they came, and leaves out what no topic would take", async () => {
	const [few, many] = [Buffer.from([0xff, 0xfe, 0]), Buffer.alloc(1_500_000, 0xff)];
	await send(few, many, told("next"));
	await isAt(3);
	expect(await effects()).toEqual(["next"]);
	const [first, second] = await copies();
	expect(first!.value).toEqual(few);
	expect(first!.headers).not.toHaveProperty("dlq-left-out");
	expect(second!.value).toHaveLength(0);
	expect(second!.headers).toMatchObject({ "dlq-left-out": "value", "dlq-bytes": "1500000" });
	const kept = await waiting();
	expect(new Set(kept.map(({ value }) => value.length))).toEqual(new Set([3, 1_500_000]));
}, 30_000);

it("leaves headers out that no topic would take, and says so", async () => {
	const headers = { odd: "x".repeat(70_000) };
	await driver.publish(topic, [{ key: "k", value: "{", headers }]);
	await isAt(1);
	const [copy] = await copies();
	expect(copy!.headers).toMatchObject({ "dlq-left-out": "headers", "dlq-reason": "not-json" });
	expect(copy!.headers).not.toHaveProperty("odd");
	expect((await waiting())[0]!.headers).toEqual(headers);
}, 30_000);

it.each(["missing", "quiet", "again"] as const)(
	"a replay (%s) puts nothing aside that was put aside already",
	async mode => {
		await send("{", told("a"), "}");
		await isAt(3);
		await database.rows(`update ${schema}.dead_letter set redriven_at = now() where "offset" = 2`);
		const before = await database.rows(`select * from ${schema}.dead_letter order by "offset"`);
		await replay(mode);
		await isAt(3);
		const after = await database.rows(`select * from ${schema}.dead_letter order by "offset"`);
		expect(after).toEqual(before);
		expect(await copies()).toHaveLength(2);
		expect(await effects()).toEqual(["a"]);
	},
	30_000
);

it("a replay puts aside what nobody has seen yet", async () => {
	await send("{", told("a"));
	await isAt(2);
	await database.rows(`delete from ${schema}.dead_letter`);
	await replay("missing");
	await isAt(2);
	expect(await waiting()).toMatchObject([{ reason: "not-json", offset: 0 }]);
}, 30_000);

it("a message at the offset of one that was put aside, in a log that was lost, is another one", async () => {
	await send("{ old");
	await isAt(1);
	const [old] = await waiting();
	await database.rows(`delete from streams.message where topic = '${topic}'`);
	await database.rows(`update streams.partition set next_offset = 0 where topic = '${topic}'`);
	await send("{ new");
	await database.rows(`update ${schema}.position set next_offset = 0`);
	consumer.reposition();
	await until(async () => (await waiting())[0]?.value.toString() === "{ new", 20_000);
	const [letter, ...others] = await waiting();
	expect(others).toEqual([]);
	expect(letter!.id).not.toBe(old!.id);
	await expect(letters.redrive(old!.id)).rejects.toMatchObject({ type: "NOT_FOUND" });
}, 30_000);

it("what was redriven has its effect anew when effects are taken back", async () => {
	const soon = new Date(Date.now() + 1500).toISOString();
	await send(told("a"), told(soon));
	await isAt(2);
	const [letter] = await waiting();
	expect(letter!.reason).toBe("time-in-future");
	await until(
		() =>
			letters.redrive(letter!.id).then(
				() => true,
				() => false
			),
		10_000
	);
	expect(await effects()).toEqual(["a", soon]);
	await replay("again");
	await isAt(2);
	expect((await effects()).toSorted()).toEqual([soon, "a"].toSorted());
}, 30_000);

it("what was redriven is reached back for, where it was in the log long before it happened", async () => {
	const [soon, later] = [1500, 600_000].map(ms => new Date(Date.now() + ms).toISOString());
	await send({ ...told(soon!), time: later! }, told("a"));
	await isAt(2);
	const [letter] = await waiting();
	const redrive = () => letters.redrive(letter!.id);
	await until(() => redrive().then(Boolean, () => false), 10_000);
	expect(await effects()).toEqual(["a", soon]);
	const asked = { start: { offset: 1n }, mode: "again" } as const;
	const plan = (await replays.plan(asked)).get(topic)!;
	expect(plan.floorMs).toBeLessThan(Date.parse(later!));
	await replays.begin(asked);
	consumer.reposition();
	await isAt(2);
	// What happened before the replay's first minute stays where it is; here all effects were taken back.
	expect(await effects()).toEqual([soon]);
	await database.rows(`delete from streams.message where topic = '${topic}' and position = 0`);
	await expect(replays.begin(asked)).rejects.toMatchObject({ type: "LOG_TOO_SHORT" });
}, 30_000);

it("is not redriven while a replay is about to come by it, and counts once", async () => {
	isBroken = true;
	await send(told("a"), told("poison"));
	await isAt(2);
	const [letter] = await waiting();
	expect(letter!.reason).toBe("handling-failed");
	isBroken = false;
	const gate = Promise.withResolvers<void>();
	held = gate.promise;
	await replays.begin({ start: "oldest", mode: "again" });
	await expect(letters.redrive(letter!.id)).rejects.toMatchObject({ type: "REPLAY_RUNNING" });
	gate.resolve();
	consumer.reposition();
	await isAt(2);
	expect((await effects()).toSorted()).toEqual(["a", "poison"]);
	await letters.redrive(letter!.id);
	expect((await effects()).toSorted()).toEqual(["a", "poison"]);
}, 60_000);
