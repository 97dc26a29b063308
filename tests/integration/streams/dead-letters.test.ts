import { maxClockSkewMs } from "../../../streams/clock-skew.ts";
import { ConsumerControl } from "../../../mixins/consumer-control.ts";
import type { Consumer } from "../../../streams/consumer/consumer.ts";
import { DeadLetterAdmin } from "../../../streams/consumer/dead-letter.admin.ts";
import type { Driver } from "../../../streams/driver.ts";
import { Unreadable } from "../../../streams/messages/event-reader.ts";
import { ReplayRunner, type ReplayMode } from "../../../streams/consumer/replay.runner.ts";
import {
	readTestEvent,
	type TestEvent,
	testEvent
} from "../../support/streams/consumer-fixtures.ts";
import { until } from "../../support/until.ts";
import { withWrongClock } from "../../support/wrong-clock.ts";
import { expectFailure } from "../../support/expect-failure.ts";
import { useStream } from "../../support/streams/use-stream.ts";

/** Dead letters through redrives, replays and the loss of the log. */

let consumer: Consumer<TestEvent>;
let deadLetters: DeadLetterAdmin<TestEvent>;
let replays: ReplayRunner;
let isBroken: boolean;
let held: Promise<void> | undefined;

/** An event whose text is a time is in the future until then, by its message's timestamp. */
function read(message: Parameters<typeof readTestEvent>[0]): TestEvent {
	const event = readTestEvent(message);
	if (Date.parse(event.text) > message.at.getTime())
		throw new Unreadable("time-in-future", event.text);
	return event;
}

const stream = useStream(read);
const { database } = stream;

beforeEach(async () => {
	[isBroken, held] = [false, undefined];
	const options = stream.options({
		async handle(work, tx) {
			await held;
			if (isBroken && work.events.some(({ text }) => text === "poison"))
				throw new TypeError("broken");
			await stream.recordEffects(work, tx);
		}
	});
	deadLetters = new DeadLetterAdmin(options);
	const { schema } = stream;
	const emptyEffects = { name: `empty ${schema}`, text: `delete from ${schema}.effect` };
	replays = new ReplayRunner({
		...options,
		resetFrom: async (_, tx) => void (await tx.query(emptyEffects))
	});
	consumer = await stream.consume(options);
});

const send = (...values: (string | Buffer | TestEvent)[]) =>
	stream.driver.publish(
		stream.topic,
		values.map(value => ({
			key: "k",
			value: typeof value === "string" || Buffer.isBuffer(value) ? value : JSON.stringify(value)
		}))
	);
const isAt = (offset: number) =>
	until(async () => {
		const [standing] = await replays.progress();
		return standing!.next === offset && !standing!.replay?.isRunning;
	}, 20_000);
const waiting = () => deadLetters.list(false, undefined, 10);
const stored = async () => Promise.all((await waiting()).map(({ id }) => deadLetters.get(id)));
const copies = async () =>
	(
		await database.rows<{ value: Buffer; headers: Record<string, string> }>(
			`select value, headers from streams.message where topic = '${stream.topic}.dlq' order by position`
		)
	).map(({ value, headers }) => ({ value, headers }));

async function replay(mode: ReplayMode): Promise<void> {
	await replays.begin({ start: "oldest", mode });
	consumer.reposition();
}

it("copies the bytes of a message unchanged, without values that are too large for a topic", async () => {
	const [few, many] = [Buffer.from([0xff, 0xfe, 0]), Buffer.alloc(1_500_000, 0xff)];
	await send(few, many, testEvent("next"));
	await isAt(3);
	expect(await stream.effects()).toEqual(["next"]);
	const [first, second] = await copies();
	expect(first!.value).toEqual(few);
	expect(first!.headers).not.toHaveProperty("dlq-left-out");
	expect(second!.value).toHaveLength(0);
	expect(second!.headers).toMatchObject({ "dlq-left-out": "value", "dlq-bytes": "1500000" });
	const kept = await stored();
	expect(new Set(kept.map(({ value }) => value.length))).toEqual(new Set([3, 1_500_000]));
}, 30_000);

it("omits headers that are too large for a topic, and says so", async () => {
	const headers = { odd: "x".repeat(70_000) };
	await stream.driver.publish(stream.topic, [{ key: "k", value: "{", headers }]);
	await isAt(1);
	const [copy] = await copies();
	expect(copy!.headers).toMatchObject({ "dlq-left-out": "headers", "dlq-reason": "not-json" });
	expect(copy!.headers).not.toHaveProperty("odd");
	expect((await stored())[0]!.headers).toEqual(headers);
}, 30_000);

it.each(["missing", "quiet", "again"] as const)(
	"a replay (%s) dead-letters no message twice",
	async mode => {
		await send("{", testEvent("a"), "}");
		await isAt(3);
		await database.rows(
			`update ${stream.schema}.dead_letter set redriven_at = now() where "offset" = 2`
		);
		const before = await database.rows(
			`select * from ${stream.schema}.dead_letter order by "offset"`
		);
		await replay(mode);
		await isAt(3);
		const after = await database.rows(
			`select * from ${stream.schema}.dead_letter order by "offset"`
		);
		expect(after).toEqual(before);
		expect(await copies()).toHaveLength(2);
		expect(await stream.effects()).toEqual(["a"]);
	},
	30_000
);

it("a replay dead-letters messages that were not read before", async () => {
	await send("{", testEvent("a"));
	await isAt(2);
	await database.rows(`delete from ${stream.schema}.dead_letter`);
	await replay("missing");
	await isAt(2);
	expect(await waiting()).toMatchObject([{ reason: "not-json", offset: 0 }]);
}, 30_000);

async function loseLog(): Promise<void> {
	await database.rows(`delete from streams.message where topic = '${stream.topic}'`);
	await database.rows(
		`update streams.partition set next_offset = 0 where topic = '${stream.topic}'`
	);
}

const texts = async () => (await stored()).map(one => one!.value.toString()).toSorted();

it("a dead letter of a lost log stays beside the one at its offset of the new log", async () => {
	isBroken = true;
	await send(testEvent("poison"), testEvent("a"));
	await isAt(2);
	const [old] = await waiting();
	await loseLog();
	await send("{ new");
	await until(async () => (await waiting()).length === 2, 20_000);
	expect(await texts()).toEqual(["{ new", expect.stringContaining("poison")]);
	isBroken = false;
	expect((await deadLetters.redrive(old!.id)).redriven_at).not.toBeNull();
	expect(await stream.effects()).toEqual(["a", "poison"]);
	expect(await texts()).toEqual(["{ new"]);
}, 30_000);

it("a message with the bytes and the offset of a dead letter of a lost log is dead-lettered too", async () => {
	await send("{", "}");
	await isAt(2);
	await consumer.stop();
	await loseLog();
	await send("{");
	// The consumer has not noticed the loss, and begins with a replay of the new log.
	await replay("missing");
	await stream.consume();
	await until(async () => (await waiting()).length === 3, 20_000);
	expect(await texts()).toEqual(["{", "{", "}"]);
}, 30_000);

it("a message that was redriven of a lost log moves no replay of the new one", async () => {
	const time = new Date(Date.now() + 2 * maxClockSkewMs).toISOString();
	const [, id] = await sendAhead(text => ({ ...testEvent(text), time }));
	await deadLetters.redrive(id);
	await consumer.stop();
	await loseLog();
	await send("b");
	await stream.consume();
	await isAt(1);
	await send(...["c", "d", "e"].map(text => testEvent(text)));
	await isAt(4);
	const plan = (await replays.plan({ start: { offset: 3n }, mode: "again" })).get(stream.topic)!;
	expect(plan.spans).toMatchObject([{ from: 3n, until: 4n }]);
}, 30_000);

it("a redriven message is applied again when effects are reset", async () => {
	const soon = new Date(Date.now() + 1500).toISOString();
	await send(testEvent("a"), testEvent(soon));
	await isAt(2);
	const [deadLetter] = await waiting();
	expect(deadLetter!.reason).toBe("time-in-future");
	await until(
		() =>
			deadLetters.redrive(deadLetter!.id).then(
				() => true,
				() => false
			),
		10_000
	);
	expect(await stream.effects()).toEqual(["a", soon]);
	await replay("again");
	await isAt(2);
	expect((await stream.effects()).toSorted()).toEqual([soon, "a"].toSorted());
}, 30_000);

it("a replay starts early enough for redriven messages that were in the log long before their event time", async () => {
	const [soon, later] = [1500, 2 * maxClockSkewMs].map(ms =>
		new Date(Date.now() + ms).toISOString()
	);
	await send({ ...testEvent(soon!), time: later! }, testEvent("a"));
	await isAt(2);
	const [deadLetter] = await waiting();
	const redrive = () => deadLetters.redrive(deadLetter!.id);
	await until(() => redrive().then(Boolean, () => false), 10_000);
	expect(await stream.effects()).toEqual(["a", soon]);
	const asked = { start: { offset: 1n }, mode: "again" } as const;
	const plan = (await replays.plan(asked)).get(stream.topic)!;
	expect(plan.floorMs).toBeLessThan(Date.parse(later!));
	await replays.begin(asked);
	consumer.reposition();
	await isAt(2);
	// Messages before the replay's first minute are left alone; here all effects were reset.
	expect(await stream.effects()).toEqual([soon]);
	await database.rows(
		`delete from streams.message where topic = '${stream.topic}' and position = 0`
	);
	await expectFailure(replays.begin(asked), "LOG_TOO_SHORT");
}, 30_000);

it("an event that is handled while a replay is planned is handled again", async () => {
	await send(testEvent("a"));
	await isAt(1);
	const extents = stream.driver.extents.bind(stream.driver);
	const planned = jest.spyOn(stream.driver, "extents").mockImplementationOnce(async topic => {
		const found = await extents(topic);
		await send(testEvent("b"));
		await isAt(2);
		return found;
	});
	await replays.begin({ start: "oldest", mode: "again" });
	planned.mockRestore();
	consumer.reposition();
	await isAt(2);
	expect((await stream.effects()).toSorted()).toEqual(["a", "b"]);
}, 30_000);

/** Sends a message whose time is ahead of the log's clock; resolves when it is dead-lettered and its time has passed. */
async function sendAhead(
	message: (soon: string) => TestEvent
): Promise<[soon: string, id: string]> {
	const soonMs = Date.now() + 1500;
	const soon = new Date(soonMs).toISOString();
	await send(message(soon), testEvent("a"));
	await isAt(2);
	const [deadLetter] = await waiting();
	await until(() => Date.now() > soonMs + 50);
	return [soon, deadLetter!.id];
}

it("a message that was redriven is applied again by a node whose clock is 10 minutes behind", async () => {
	const [soon, id] = await sendAhead(testEvent);
	await withWrongClock(-600_000, async () => {
		await deadLetters.redrive(id);
		await replay("again");
		await isAt(2);
	});
	expect((await stream.effects()).toSorted()).toEqual([soon, "a"].toSorted());
}, 30_000);

it("a message that is redriven between the plan of a replay and its start is applied again", async () => {
	const later = new Date(Date.now() + 2 * maxClockSkewMs).toISOString();
	const [soon, id] = await sendAhead(text => ({ ...testEvent(text), time: later }));
	const plan = replays.plan.bind(replays);
	const planned = jest.spyOn(replays, "plan").mockImplementationOnce(async request => {
		const found = await plan(request);
		await deadLetters.redrive(id);
		return found;
	});
	await replays.begin({ start: { offset: 1n }, mode: "again" });
	planned.mockRestore();
	consumer.reposition();
	await isAt(2);
	expect(await stream.effects()).toEqual([soon]);
}, 30_000);

it("is not redriven while a replay is about to reach it, and counts once", async () => {
	isBroken = true;
	await send(testEvent("a"), testEvent("poison"));
	await isAt(2);
	const [deadLetter] = await waiting();
	expect(deadLetter!.reason).toBe("handling-failed");
	isBroken = false;
	const gate = Promise.withResolvers<void>();
	held = gate.promise;
	await replays.begin({ start: "oldest", mode: "again" });
	await expectFailure(deadLetters.redrive(deadLetter!.id), "REPLAY_RUNNING");
	gate.resolve();
	consumer.reposition();
	await isAt(2);
	expect((await stream.effects()).toSorted()).toEqual(["a", "poison"]);
	await deadLetters.redrive(deadLetter!.id);
	expect((await stream.effects()).toSorted()).toEqual(["a", "poison"]);
}, 60_000);

it("is not redriven while the log is down, and then is", async () => {
	isBroken = true;
	await send(testEvent("poison"));
	await isAt(1);
	isBroken = false;
	const [deadLetter] = await waiting();
	const extents = () => Promise.reject(new Error("Connection error: connect ECONNREFUSED"));
	const driver = Object.create(stream.driver, { extents: { value: extents } }) as Driver;
	const admin = new DeadLetterAdmin({ ...stream.options(), driver });
	await expectFailure(admin.redrive(deadLetter!.id), "UNAVAILABLE");
	expect(await deadLetters.waiting()).toBe(1);
	expect((await deadLetters.redrive(deadLetter!.id)).redriven_at).not.toBeNull();
	expect(await stream.effects()).toEqual(["poison"]);
}, 30_000);

it("lists all dead letters once, page by page, also those of the same instant", async () => {
	await send("{0", "{1", "{2", "{3", "{4");
	await isAt(5);
	await database.rows(`update ${stream.schema}.dead_letter set at = now() where "offset" < 3`);
	const control = new ConsumerControl({
		group: stream.schema,
		replays,
		deadLetters,
		createTopics: () => Promise.resolve(),
		notifyMembers() {}
	});
	const pages: number[][] = [];
	let cursor: string | undefined;
	do {
		const { data, next_cursor } = await control.list(false, 2, cursor);
		pages.push(data.map(({ offset }) => offset));
		cursor = next_cursor ?? undefined;
	} while (cursor);
	expect(pages.map(page => page.length)).toEqual([2, 2, 1]);
	expect(pages.flat().toSorted()).toEqual([0, 1, 2, 3, 4]);
	expect(pages.flat().slice(0, 3).toSorted()).toEqual([0, 1, 2]);
}, 30_000);
