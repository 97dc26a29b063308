import { migrate, migrations } from "../../../db/migrate.ts";
import { newId } from "../../../lib/id.ts";
import { offsetsAt } from "../../../streams/postgres/log.statements.ts";
import { testDatabase } from "../../support/servers/database.ts";
import { messagesRead } from "../../support/streams/messages-read.ts";
import { useEventLog } from "../../support/streams/stream-driver.ts";

/** Times of the log in Postgres: a replay from a time may skip no message that was taken then or later. */

const log = useEventLog();
const hourMs = 3_600_000;
const messages = (count: number) => Array.from({ length: count }, () => ({ key: "k", value: "" }));

async function newTopic(): Promise<string> {
	const name = `t-${newId()}`;
	const kept = { partitions: 1, cleanup: "delete", retentionMs: hourMs } as const;
	await log.driver.createTopics([{ name, ...kept }]);
	return name;
}

/** The log's clock is ahead when it takes these messages, and right after them. */
async function publishAhead(topic: string, count: number, ms: number): Promise<void> {
	await log.driver.publish(topic, messages(count));
	const ahead = `interval '${ms} ms'`;
	await log.database.rows(
		`with moved as (
			update streams.partition set last_at = last_at + ${ahead} where topic = $1 returning next_offset
		)
		update streams.message set at = at + ${ahead} from moved where topic = $1 and position >= next_offset - $2`,
		[topic, count]
	);
}

/** Of the messages of a topic, by their positions. */
async function timesOf(topic: string): Promise<Date[]> {
	const text = "select at from streams.message where topic = $1 order by position";
	return (await log.database.rows<{ at: Date }>(text, [topic])).map(({ at }) => at);
}

const ascending = `
	select bool_and(at > before) as ascends, count(*)::int as count
	from (select at, lag(at) over (order by position) as before from streams.message where topic = $1) as m`;

it("ascend with the positions, also when the clock steps back", async () => {
	const topic = await newTopic();
	await log.driver.publish(topic, messages(3));
	await publishAhead(topic, 3, hourMs);
	const steppedBackAt = new Date();
	for (let n = 0; n < 3; n++) await log.driver.publish(topic, messages(2));
	expect(await log.driver.offsetsAt(topic, steppedBackAt)).toEqual(new Map([[0, 3n]]));
	expect(await log.database.rows(ascending, [topic])).toEqual([{ ascends: true, count: 12 }]);
});

it("follow the clock again after one that was ahead by more than a day", async () => {
	const topic = await newTopic();
	await publishAhead(topic, 1, 48 * hourMs);
	await log.driver.publish(topic, messages(2));
	const [, ...later] = await timesOf(topic);
	for (const at of later) expect(Math.abs(at.getTime() - Date.now())).toBeLessThan(60_000);
});

it("of a clock that was far ahead hide no message from a replay", async () => {
	const topic = await newTopic();
	const startedAt = new Date();
	await publishAhead(topic, 1, 48 * hourMs);
	await log.driver.publish(topic, messages(2));
	expect(await log.driver.offsetsAt(topic, startedAt)).toEqual(new Map([[0, 0n]]));
});

it("are found without reading the partition", async () => {
	const topic = await newTopic();
	for (let n = 0; n < 3; n++) await log.driver.publish(topic, messages(1000));
	const { [2000]: later } = await timesOf(topic);
	expect(await messagesRead(log.database, offsetsAt, [topic, later])).toBeLessThan(10);
});

it("ascend in a log of an earlier version, whose clock stepped back", async () => {
	const database = await testDatabase("template1");
	const isEarlier = ({ service, file }: { service: string; file: string }) =>
		service !== "stream" || file < "0005";
	await migrate(database.url, (await migrations()).filter(isEarlier));
	await database.rows("insert into streams.topic values ('t', 'delete', 1)");
	await database.rows("insert into streams.partition values ('t', 0, 4), ('t', 1, 0)");
	await database.rows(
		`insert into streams.message (topic, partition, position, key, value, headers, at)
		select 't', 0, n, '', '', '{}', timestamptz '2026-01-01Z' + hour * interval '1 h'
		from unnest(array[1, 3, 2, 4]) with ordinality as m(hour, n)`
	);
	await migrate(database.url);
	const times = await database.rows(
		"select extract(hour from at at time zone 'utc')::int as hour from streams.message order by position"
	);
	expect(times).toEqual([1, 3, 3, 4].map(hour => ({ hour })));
	const latest = await database.rows(
		"select partition, last_at::text from streams.partition where topic = 't' order by 1"
	);
	expect(latest).toEqual([
		{ partition: 0, last_at: expect.stringMatching(/^2026-01-01 04:00:00/) },
		{ partition: 1, last_at: "-infinity" }
	]);
	await database.drop();
}, 60_000);
