import { setTimeout as delay } from "node:timers/promises";
import { newId } from "../../../lib/id.ts";
import {
	readTestEvent,
	type TestEvent,
	testEvent
} from "../../support/streams/consumer-fixtures.ts";
import { sampledTrace, useRecordedSpans } from "../../support/observability/recorded-spans.ts";
import { connect } from "../../support/servers/database.ts";
import { until } from "../../support/until.ts";
import { streamDriver } from "../../support/streams/stream-driver.ts";
import { useStream } from "../../support/streams/use-stream.ts";

/** One effect per event under duplicates, losses, delays and errors. */

const stream = useStream(readTestEvent, { partitions: 2 });
const { database, errors, deadLettered } = stream;

const send = (events: readonly TestEvent[], key = "k") =>
	stream.driver.publish(
		stream.topic,
		events.map(event => ({ key, value: JSON.stringify(event), headers: { from: "test" } }))
	);
const has = (count: number) => until(async () => (await stream.effects()).length >= count, 20_000);
const position = async () => {
	const rows = await database.rows<{ sum: string }>(
		`select coalesce(sum(next_offset), 0)::text as sum from ${stream.schema}.position`
	);
	return Number(rows[0]!.sum);
};

describe("the spans of a consumer", () => {
	const spans = useRecordedSpans();

	it("are of the events that it has applied, each once", async () => {
		const traced = { ...testEvent("traced"), traceparent: sampledTrace };
		const failing = { ...testEvent("failing"), traceparent: sampledTrace };
		let failures = 1;
		await send([traced, testEvent("untraced"), traced]);
		await send([failing], "other");
		await stream.consume({
			read: message => {
				const { traceparent } = JSON.parse(message.value.toString()) as { traceparent?: string };
				return { ...readTestEvent(message), traceparent };
			},
			handle: async (work, tx) => {
				await stream.recordEffects(work, tx);
				if (work.events.some(({ text }) => text === "failing") && failures-- > 0)
					throw Object.assign(new Error("undone"), { code: "57P01" });
			}
		});
		await has(3);
		await until(async () => spans().length >= 2, 5000);
		const ids = spans().map(({ attributes }) => attributes["messaging.message.id"]);
		expect(ids.toSorted()).toEqual([traced.id, failing.id].toSorted());
		// Repeated once more, it has no effect.
		await send([traced]);
		await until(async () => (await position()) === 5, 20_000);
		expect(spans()).toHaveLength(2);
	});
});

describe("a consumer", () => {
	it("applies each event once, in order, even if it is published repeatedly", async () => {
		const events = Array.from({ length: 50 }, (_, n) => testEvent(String(n)));
		await send(events);
		await send(events.slice(0, 20));
		await send([events[3]!, events[3]!]);
		await stream.consume();
		await until(async () => (await position()) === 72, 20_000);
		expect(await stream.effects()).toEqual(events.map(({ text }) => text));
	});

	it("continues from its position, also in another process", async () => {
		await send([testEvent("a")]);
		const first = await stream.consume();
		await has(1);
		await first.stop();
		await send([testEvent("b")]);
		await stream.consume();
		await has(2);
		expect(await stream.effects()).toEqual(["a", "b"]);
	});

	it("rolls back the effect with the position when the transaction fails, and retries", async () => {
		let failures = 2;
		await send([testEvent("a"), testEvent("b")]);
		await stream.consume({
			handle: async (work, tx) => {
				await stream.recordEffects(work, tx);
				if (failures-- > 0) throw Object.assign(new Error("undone"), { code: "57P01" });
			}
		});
		await has(2);
		expect(await stream.effects()).toEqual(["a", "b"]);
		expect(errors).toHaveLength(2);
		expect(deadLettered).toEqual([]);
	});

	it("dead-letters unreadable messages with the reason, and handles those that follow", async () => {
		await stream.driver.publish(stream.topic, [
			{ key: "k", value: "{", headers: { from: "outside" } }
		]);
		await send([testEvent("next")]);
		await stream.consume();
		await has(1);
		expect(deadLettered).toMatchObject([{ reason: "not-json", key: "k", attempts: 1 }]);
		const deadLetters = await database.rows(`select * from ${stream.schema}.dead_letter`);
		expect(deadLetters).toMatchObject([{ reason: "not-json", headers: { from: "outside" } }]);
		const dead = await deadLetterTopic(1);
		expect(dead[0]).toMatchObject({
			value: "{",
			headers: {
				from: "outside",
				"dlq-group": stream.schema,
				"dlq-reason": "not-json",
				"dlq-topic": stream.topic
			}
		});
		expect(JSON.stringify(dead)).not.toMatch(/\bat .*\.ts:\d/);
	});

	it("retries a failing message in place, then dead-letters only that message", async () => {
		let attempts = 0;
		await send([testEvent("a"), testEvent("poison"), testEvent("b")]);
		await stream.consume({
			handle: async (work, tx) => {
				await stream.recordEffects(work, tx);
				if (!work.events.some(({ text }) => text === "poison")) return;
				attempts++;
				throw new TypeError("cannot read properties of undefined");
			}
		});
		await has(2);
		expect(await stream.effects()).toEqual(["a", "b"]);
		// Once in the batch, then seven times alone.
		expect(attempts).toBe(8);
		expect(deadLettered).toMatchObject([{ reason: "handling-failed", attempts: 7 }]);
		expect(await deadLetterTopic(1)).toHaveLength(1);
	}, 40_000);

	it("handles a batch that takes too long in smaller ones", async () => {
		const events = Array.from({ length: 80 }, (_, n) => testEvent(String(n)));
		await send(events);
		const sizes: number[] = [];
		await stream.consume({
			handle: async (work, tx) => {
				sizes.push(work.events.length);
				await tx.query({ name: "limit", text: "set local statement_timeout = 300" });
				await tx.query({ name: "slow", text: "select pg_sleep($1)" }, [work.events.length / 100]);
				await stream.recordEffects(work, tx);
			}
		});
		await has(80);
		expect(await stream.effects()).toEqual(events.map(({ text }) => text));
		expect(sizes.slice(0, 3)).toEqual([80, 40, 20]);
		expect(deadLettered).toEqual([]);
		expect(errors[0]!.message).toBe("80 messages took too long, trying half as many");
	}, 40_000);

	it("waits with its dead letters while they cannot be published, and is not ended for it", async () => {
		await stream.driver.publish(stream.topic, [{ key: "k", value: "{", headers: {} }]);
		await send([testEvent("next")]);
		const publish = jest.spyOn(stream.driver, "publish").mockRejectedValue(new Error("no leader"));
		const stalled: string[] = [];
		await stream.consume({
			onStalled: words => stalled.push(words),
			watch: { everyMs: 50, silentMs: 2500 }
		});
		// 3.1 s after the first, and 1.6 s after the fifth.
		await until(async () => errors.length >= 6, 20_000);
		expect(errors[0]!.message).toMatch(/^the dead letters of .+ wait: no leader$/);
		expect(stalled).toEqual([]);
		publish.mockRestore();
		await has(1);
	}, 40_000);

	it("dead-letters nothing while the database is down", async () => {
		let isAway = true;
		await send([testEvent("a"), testEvent("b")]);
		await stream.consume({
			handle: async (work, tx) => {
				if (isAway)
					throw Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
				await stream.recordEffects(work, tx);
			}
		});
		await until(async () => errors.length > 8, 30_000);
		expect([await stream.effects(), deadLettered, await position()]).toEqual([[], [], 0]);
		isAway = false;
		await has(2);
	}, 60_000);

	it("whose commit was lost on a broken connection notices it, and doubles nothing", async () => {
		let cuts = 3;
		await send(Array.from({ length: 10 }, (_, n) => testEvent(String(n))));
		await stream.consume({
			handle: async (work, tx) => {
				await stream.recordEffects(work, tx);
				if (cuts-- > 0)
					await database.rows(
						"select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'shop test' and state = 'idle in transaction'"
					);
			}
		});
		await has(10);
		await send([testEvent("last")]);
		await has(11);
		expect(await stream.effects()).toHaveLength(11);
	}, 40_000);

	it("that was overtaken changes nothing, and continues from the other's position", async () => {
		let inHand = 0;
		let release = () => {};
		const held = new Promise<void>(resolve => (release = resolve));
		await send([testEvent("a"), testEvent("b")]);
		await stream.consume({
			prepare: async () => {
				if (inHand++ === 0) await held;
			}
		});
		await until(async () => inHand > 0, 10_000);
		// Another member that owns the partition by then has handled "a" and "b" as well as "c".
		const [row] = await database.rows<{ partition: number; next: string }>(
			`select partition, next_offset::text as next from streams.partition where topic = '${stream.topic}' and next_offset > 0`
		);
		await database.rows(
			`insert into ${stream.schema}.position (topic, partition, next_offset) values ('${stream.topic}', ${row!.partition}, ${row!.next})`
		);
		release();
		await send([testEvent("d")]);
		await has(1);
		expect(await stream.effects()).toEqual(["d"]);
	}, 30_000);

	it("notices a replay that starts at its position, and takes part", async () => {
		const again = testEvent("b");
		await send([testEvent("a")]);
		await stream.consume();
		await has(1);
		await database.rows(`insert into ${stream.schema}.inbox (event_id) values ($1)`, [again.id]);
		await database.rows(`update ${stream.schema}.position set replay = 1, replay_mode = 'again',
			replay_floor = 'epoch', replay_from = next_offset, replay_until = next_offset + 1 where next_offset = 1`);
		await send([again]);
		await has(2);
		expect(await stream.effects()).toEqual(["a", "b"]);
	}, 30_000);

	it("handles messages again from a position that was set back, and each once", async () => {
		const events = Array.from({ length: 10 }, (_, n) => testEvent(String(n)));
		await send(events);
		await stream.consume();
		await has(10);
		await database.rows(
			`update ${stream.schema}.position set next_offset = 4 where next_offset > 0`
		);
		await database.rows(`delete from ${stream.schema}.inbox`);
		await database.rows(`delete from ${stream.schema}.effect`);
		await send([testEvent("10")]);
		await has(7);
		await delay(300);
		expect(await stream.effects()).toEqual(["4", "5", "6", "7", "8", "9", "10"]);
	}, 30_000);

	it("on two nodes shares the work and applies each event once", async () => {
		const second = connect(database);
		const other = streamDriver(database, 4);
		await stream.consume();
		await stream.consume({ db: second, driver: other });
		const all = Array.from({ length: 200 }, (_, n) => testEvent(String(n)));
		for (let n = 0; n < 200; n += 20)
			await stream.driver.publish(
				stream.topic,
				all.slice(n, n + 20).map(e => ({ key: `k${e.text}`, value: JSON.stringify(e) }))
			);
		await has(200);
		expect(new Set(await stream.effects()).size).toBe(200);
		expect(await stream.effects()).toHaveLength(200);
		await stream.stop();
		await other.close();
		await second.close();
	}, 40_000);
});

async function deadLetterTopic(count: number) {
	const found: { value: string; headers: object }[] = [];
	const reader = await stream.driver.subscribe({
		group: newId(),
		topics: [`${stream.topic}.dlq`],
		position: async () => undefined,
		onError: error => errors.push(error),
		onBatch: async ({ messages }) => {
			for (const { value, headers } of messages) found.push({ value: value.toString(), headers });
			return messages.at(-1)!.offset + 1n;
		}
	});
	await until(async () => found.length >= count, 10_000);
	await reader.stop();
	return found;
}
