import { maxClockSkewMs } from "../../../streams/clock-skew.ts";
import type { Consumer } from "../../../streams/consumer/consumer.ts";
import { ReplayRunner } from "../../../streams/consumer/replay.runner.ts";
import { expectFailure } from "../../support/expect-failure.ts";
import {
	readTestEvent,
	testEvent,
	type TestEvent
} from "../../support/streams/consumer-fixtures.ts";
import { useStream } from "../../support/streams/use-stream.ts";
import { until } from "../../support/until.ts";

/** Replays that reset effects, of a log that lost messages: what is reset must be in the log. */

const stream = useStream(readTestEvent);
const { database } = stream;
let consumer: Consumer<TestEvent>;
let replays: ReplayRunner;
const old = ["a", "b", "c"].map(text => testEvent(text));

const publish = (events: readonly TestEvent[]) =>
	stream.driver.publish(
		stream.topic,
		events.map(event => ({ key: "k", value: JSON.stringify(event) }))
	);
const lose = () =>
	Promise.all([
		database.rows(`delete from streams.message where topic = '${stream.topic}'`),
		database.rows(`update streams.partition set next_offset = 0 where topic = '${stream.topic}'`)
	]);
const effects = async () => (await stream.effects()).toSorted();
const haveEffect = (texts: string[]) =>
	until(async () => JSON.stringify(await effects()) === JSON.stringify(texts));

beforeEach(async () => {
	const options = stream.options();
	const emptyEffects = {
		name: `empty ${stream.schema}`,
		text: `delete from ${stream.schema}.effect`
	};
	replays = new ReplayRunner({
		...options,
		resetFrom: async (_, tx) => void (await tx.query(emptyEffects))
	});
	consumer = await stream.consume(options);
	await publish(old);
	await haveEffect(["a", "b", "c"]);
});

const again = { start: "oldest", mode: "again" } as const;

it("is refused while the log has only what came after the loss", async () => {
	await lose();
	await publish([testEvent("d")]);
	await haveEffect(["a", "b", "c", "d"]);
	const { data } = await expectFailure(replays.begin(again), "LOG_TOO_SHORT");
	expect(JSON.stringify(data)).toContain("refill it first");
	await expectFailure(replays.begin({ ...again, start: { offset: 0n } }), "LOG_TOO_SHORT");
	await expectFailure(replays.begin({ ...again, start: { at: new Date() } }), "LOG_TOO_SHORT");
	expect(await effects()).toEqual(["a", "b", "c", "d"]);
}, 30_000);

it("is refused before the consumer has noticed the loss", async () => {
	await consumer.stop();
	await lose();
	await publish([testEvent("d")]);
	await expectFailure(replays.begin(again), "LOG_TOO_SHORT");
	expect(await effects()).toEqual(["a", "b", "c"]);
}, 30_000);

it.each([
	["was refilled", () => old],
	["has as many new messages", () => ["e", "f", "g"].map(text => testEvent(text))]
])(
	"is refused while the log %s and the consumer has not read them",
	async (_, more) => {
		await lose();
		await publish([testEvent("d")]);
		await haveEffect(["a", "b", "c", "d"]);
		await consumer.stop();
		await publish(more());
		await expectFailure(replays.begin(again), "LOG_TOO_SHORT");
		expect(await effects()).toEqual(["a", "b", "c", "d"]);
	},
	30_000
);

it("begins where all that was handled since its floor was refilled, and what is older has expired", async () => {
	await database.rows(`update ${stream.schema}.inbox set at = now() - interval '1 day'`);
	const recent = ["d", "e"].map(text => testEvent(text));
	await publish(recent);
	await haveEffect(["a", "b", "c", "d", "e"]);
	await lose();
	await publish([testEvent("f")]);
	await haveEffect(["a", "b", "c", "d", "e", "f"]);
	const since = { ...again, start: { at: new Date(Date.now() - 3_600_000) } };
	await expectFailure(replays.begin(since), "LOG_TOO_SHORT");
	await publish(recent);
	await until(async () => (await replays.progress())[0]!.next === 3);
	await replays.begin(since);
}, 30_000);

it("begins without the check for a consumer that resets nothing", async () => {
	await lose();
	await publish([testEvent("d")]);
	await haveEffect(["a", "b", "c", "d"]);
	await new ReplayRunner(stream.options()).begin(again);
}, 30_000);

it("begins once the log was refilled", async () => {
	await lose();
	await publish([testEvent("d")]);
	await haveEffect(["a", "b", "c", "d"]);
	await publish(old);
	await until(async () => (await replays.progress())[0]!.next === 4);
	await replays.begin(again);
	expect(await effects()).toEqual([]);
	consumer.reposition();
	await haveEffect(["a", "b", "c", "d"]);
}, 30_000);

it("begins from a time well after the loss", async () => {
	await lose();
	await publish([testEvent("d")]);
	await haveEffect(["a", "b", "c", "d"]);
	const at = new Date(Date.now() + maxClockSkewMs + 120_000);
	await replays.begin({ ...again, start: { at } });
}, 30_000);

it("in the other modes begins all the same: it resets nothing", async () => {
	await lose();
	await publish([testEvent("d")]);
	await haveEffect(["a", "b", "c", "d"]);
	await replays.begin({ ...again, mode: "missing" });
	expect(await effects()).toEqual(["a", "b", "c", "d"]);
}, 30_000);

it("of a log that the shop moved to is refused from before the time since when it has all events", async () => {
	const agoOf = (minutes: number) => new Date(Date.now() - minutes * 60_000);
	await database.rows(
		`update ${stream.schema}.position set lost_at = now(), log_since = now() - interval '1 hour'`
	);
	const { data } = await expectFailure(
		replays.begin({ ...again, start: { at: agoOf(120) } }),
		"LOG_TOO_SHORT"
	);
	expect(JSON.stringify(data)).toContain("it has events from");
	await expectFailure(replays.begin(again), "LOG_TOO_SHORT");
	expect(await effects()).toEqual(["a", "b", "c"]);
	await replays.begin({ ...again, start: { at: agoOf(30) } });
	consumer.reposition();
	await haveEffect(["a", "b", "c"]);
}, 30_000);

it("of a log that the shop moved to counts no messages of its earlier use", async () => {
	await consumer.stop();
	await database.rows(
		`update ${stream.schema}.position set lost_at = now(), log_start = 3, next_offset = 3`
	);
	// The three messages are there, and are not of this use.
	await expectFailure(replays.begin(again), "LOG_TOO_SHORT");
	expect(await effects()).toEqual(["a", "b", "c"]);
}, 30_000);
