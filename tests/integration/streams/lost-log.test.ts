import { newId } from "../../../lib/id.ts";
import { OffsetLost } from "../../../streams/driver.ts";
import { until } from "../../support/until.ts";
import { useEventLog } from "../../support/streams/stream-driver.ts";

/** Messages that are gone before they were read, in the log in Postgres (for Kafka: kafka.test.ts). */

const log = useEventLog();
const { database } = log;
let topic: string;

beforeEach(async () => {
	topic = `t-${newId()}`;
	await log.driver.createTopics([
		{ name: topic, partitions: 1, cleanup: "delete", retentionMs: 60_000 }
	]);
	await publish(0, 10);
});

const publish = (from: number, to: number) =>
	log.driver.publish(
		topic,
		Array.from({ length: to - from }, (_, n) => ({ key: "k", value: String(from + n) }))
	);
const lose = () =>
	Promise.all([
		database.rows(`delete from streams.message where topic = '${topic}'`),
		database.rows(`update streams.partition set next_offset = 0 where topic = '${topic}'`)
	]);

async function reader(position: bigint | undefined) {
	const [got, errors]: [string[], Error[]] = [[], []];
	const { stop } = await log.driver.subscribe({
		group: newId(),
		topics: [topic],
		position: async () => position,
		onError: error => errors.push(error),
		async onBatch({ messages }) {
			got.push(...messages.map(({ value }) => value.toString()));
			return messages.at(-1)!.offset + 1n;
		}
	});
	return { got, errors, stop };
}

const lost = (wanted: bigint, first: bigint) => new OffsetLost(topic, 0, wanted, first);

it("are reported when they expired", async () => {
	await database.rows(`delete from streams.message where topic = '${topic}' and position < 4`);
	const { got, errors, stop } = await reader(2n);
	await until(async () => got.length === 6, 10_000);
	await stop();
	expect(got[0]).toBe("4");
	expect(errors).toEqual([lost(2n, 4n)]);
}, 20_000);

it("are reported when the log was lost with them, also while it is read", async () => {
	const { got, errors, stop } = await reader(5n);
	await until(async () => got.length === 5, 10_000);
	await lose();
	await publish(20, 23);
	await until(async () => got.length === 8, 10_000);
	await stop();
	expect(got.slice(5)).toEqual(["20", "21", "22"]);
	expect(errors).toEqual([lost(10n, 0n)]);
}, 20_000);

it("are reported when nothing was published since", async () => {
	await lose();
	const { got, errors, stop } = await reader(10n);
	await until(async () => errors.length > 0, 10_000);
	await publish(0, 2);
	await until(async () => got.length === 2, 10_000);
	await stop();
	expect(errors).toEqual([lost(10n, 0n)]);
}, 20_000);

it("are reported when all of them have expired", async () => {
	await database.rows(`delete from streams.message where topic = '${topic}'`);
	const { got, errors, stop } = await reader(5n);
	await until(async () => errors.length > 0, 10_000);
	await publish(10, 12);
	await until(async () => got.length === 2, 10_000);
	await stop();
	expect(errors).toEqual([lost(5n, 10n)]);
}, 20_000);

it("are not reported to a reader that begins with the oldest", async () => {
	await database.rows(`delete from streams.message where topic = '${topic}' and position < 4`);
	const { got, errors, stop } = await reader(undefined);
	await until(async () => got.length === 6, 10_000);
	await stop();
	expect(errors).toEqual([]);
}, 20_000);
