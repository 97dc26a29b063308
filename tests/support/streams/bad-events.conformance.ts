import { schemaOf, type OrderStreamEvent } from "../../../contracts/events.ts";
import { newId } from "../../../lib/id.ts";
import type { Driver, Outgoing } from "../../../streams/driver.ts";
import { readOrderEvent } from "../../../streams/messages/order-event-reader.ts";
import { buildOrderEvent } from "./order-message.ts";
import { until } from "../until.ts";
import { useStream } from "./use-stream.ts";
import { useEventLog } from "./stream-driver.ts";

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
	// Its beginning, which the reason quotes, ends within a character.
	["of an unknown type of emoji", () => having({ type: "😀".repeat(100) }), "unknown-type"],
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

/** As much as a topic in Kafka accepts (2 MiB and 64 KiB): no room is left for what a dead letter adds. */
const largeKeyBytes = 1_200_000;
const largeKey: (typeof cases)[number] = [
	"under a key of 1.2 MB",
	() => Buffer.alloc(2_162_400 - largeKeyBytes, "{"),
	"too-large",
	"k".repeat(largeKeyBytes)
];

/**
 * Bad events between good ones, over a log: each is dead-lettered with its reason, and the next is handled.
 * @param writeForeign writes to partition 0 as other writers do, for a log that accepts large keys
 */
export function badEvents(
	open: () => Promise<Driver>,
	writeForeign?: (topic: string, message: Outgoing) => Promise<void>
): void {
	const sent = writeForeign ? [...cases, largeKey] : cases;
	const stream = useStream(readOrderEvent, { log: useEventLog(undefined, open), per: "file" });
	const { database } = stream;
	const tookMs: number[] = [];

	beforeAll(() => stream.consume());

	const count = async (of: string) =>
		(
			await database.rows<{ count: number }>(
				`select count(*)::int as count from ${stream.schema}.${of}`
			)
		)[0]!.count;

	it.each(
		sent.map(([name, value, reason, key]) => ({ name, value, reason, key: key ?? "user-123" }))
	)(
		"an event $name is dead-lettered, and the next one is handled",
		async ({ value, reason, key }) => {
			const next = good();
			const before = await count("dead_letter");
			const written = value();
			const startedAt = performance.now();
			const bad = { key, value: written, headers: { from: "a stranger" } };
			await (key.length < largeKeyBytes
				? stream.driver.publish(stream.topic, [bad])
				: writeForeign!(stream.topic, bad));
			await stream.driver.publish(stream.topic, [
				{ key: next.partitionkey, value: JSON.stringify(next) }
			]);
			const handled = `effect where event_id = '${next.id}'`;
			await until(async () => (await count(handled)) === 1, timeoutMs);
			tookMs.push(performance.now() - startedAt);
			expect(await count("dead_letter")).toBe(before + 1);
			const [deadLetter] = await database.rows<{ reason: string; value: Buffer; headers: object }>(
				`select reason, value, headers from ${stream.schema}.dead_letter order by "offset" desc limit 1`
			);
			expect(deadLetter!.reason).toBe(reason);
			expect(deadLetter!.headers).toMatchObject({ from: "a stranger" });
			expect(deadLetter!.value.equals(Buffer.from(written as Buffer))).toBe(true);
		},
		30_000
	);

	it("a bad event does not delay the next one", () => {
		expect(tookMs).toHaveLength(sent.length);
		expect(tookMs.toSorted((a, b) => a - b)[tookMs.length >> 1]).toBeLessThan(handledWithinMs);
	});

	it("each of them is in the dead-letter topic, with its reason", async () => {
		const reasons: string[] = [];
		const { stop } = await stream.driver.subscribe({
			group: newId(),
			topics: [`${stream.topic}.dlq`],
			position: async () => undefined,
			onError: () => undefined,
			async onBatch({ messages }) {
				reasons.push(...messages.map(({ headers }) => headers["dlq-reason"]!));
				return messages.at(-1)!.offset + 1n;
			}
		});
		await until(async () => reasons.length >= sent.length, 20_000);
		await stop();
		expect(new Set(reasons)).toEqual(new Set(sent.map(([, , reason]) => reason)));
	}, 40_000);
}
