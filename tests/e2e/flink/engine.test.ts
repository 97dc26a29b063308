import { type Admin, Kafka, logLevel } from "kafkajs";
import type { WindowStreamEvent } from "../../../contracts/analytics.ts";
import analyticsService from "../../../services/analytics/analytics.service.ts";
import { EngineLog, engineTopic } from "../../../services/analytics/ownership/engine-log.ts";
import { EngineOwner } from "../../../services/analytics/ownership/engine-owner.ts";
import { KafkaDriver } from "../../../streams/kafka/kafka.driver.ts";
import { topics } from "../../../streams/messages/topics.ts";
import { describeWith } from "../../support/describe-with.ts";
import { compileJob, FlinkJob } from "../../support/flink/flink-job.ts";
import {
	describeKafka,
	kafkaWithinMs,
	testKafka,
	type TestKafka
} from "../../support/servers/kafka.ts";
import { run } from "../../support/servers/processes.ts";
import { useShop } from "../../support/shop/use-shop.ts";
import { buildOrderEvent } from "../../support/streams/order-message.ts";
import { reader } from "../../support/streams/topic-reader.ts";
import { until } from "../../support/until.ts";

/** Which of the two engines publishes windows: an analytics service as it is, the Flink job as it is, and a broker. */
describeWith("java", "javac")("the engine that publishes windows", () => {
	let kafka: TestKafka;
	let driver: KafkaDriver;
	let job: FlinkJob;
	let published: WindowStreamEvent[];

	const shop = useShop(
		[analyticsService],
		async () => {
			const [started, classPath] = await Promise.all([testKafka(), compileJob()]);
			kafka = started;
			driver = new KafkaDriver({ brokers: [kafka.brokers] });
			job = new FlinkJob({ classPath, brokers: kafka.brokers });
			shop.defer(async () => {
				await job.kill();
				await driver.close();
			});
			return { KAFKA_BROKERS: kafka.brokers, STREAM_PARTITIONS: "1" };
		},
		{ startWithinMs: kafkaWithinMs }
	);
	afterAll(() => kafka?.stop(), 60_000);

	const firstMinute = Math.floor(Date.now() / 60_000) * 60_000 - 2 * 3_600_000;
	const keyOf = (minute: number) => `${new Date(firstMinute + minute * 60_000).toISOString()}/USD`;

	/** Orders of this total in minutes after the first. */
	async function sell(...minutes: number[]): Promise<void> {
		const events = minutes.map(n => buildOrderEvent({ at: firstMinute + n * 60_000, total: 100 }));
		const messages = events.map(event => ({
			key: event.partitionkey,
			value: JSON.stringify(event)
		}));
		await driver.publish(topics.orders, messages);
	}

	const current = (minute: number) =>
		published.findLast(({ subject }) => subject === keyOf(minute))?.data;
	const waiting = async () => {
		const rows = await shop.database.rows<{ count: number }>(
			"select count(*)::int as count from analytics.outbox where published_at is null"
		);
		return rows[0]!.count;
	};
	const command = (...words: string[]) =>
		run("stream.ts", ["engine", ...words], {
			KAFKA_BROKERS: kafka.brokers,
			DATABASE_URL: shop.database.url
		});

	it("is the analytics service where it was the first", async () => {
		await until(async () => driver.extents(topics.windows).catch(() => undefined), 30_000);
		const { got } = await reader(driver, topics.windows);
		published = [];
		const push = got.push.bind(got);
		got.push = (...messages) => {
			for (const { value } of messages) published.push(JSON.parse(value.toString()));
			return push(...messages);
		};
		await sell(0, 0, 60);
		await until(() => current(0), 30_000);
		expect(current(0)).toMatchObject({ orders: 2, revision: 1 });
		const { output } = await command();
		expect(output).toBe("Windows are published by the engine builtin.\n");
	}, 90_000);

	it("refuses the Flink job meanwhile", async () => {
		job.start();
		expect(await job.ended()).toBe(78);
		expect(job.output()).toContain(
			"The windows are published by the engine builtin: hand them over with npm run stream -- engine flink."
		);
	}, 60_000);

	it("is the Flink job after a handover, in higher revisions, and the service is silent", async () => {
		const { logger } = shop.broker.getLocalService("analytics");
		const warn = jest.spyOn(logger, "warn");
		const { code, output } = await command("flink", "--wait", "6");
		expect({ code, output }).toMatchObject({ code: 0 });
		expect(output).toMatch(/Windows are published by the engine flink\.\n$/);
		job.start();
		await sell(0, 1, 61);
		await until(() => current(0)?.orders === 3 && current(1) && current(61), 60_000);
		expect(current(0)).toMatchObject({ orders: 3, revision: 4 });
		await until(async () => (await waiting()) > 0, 30_000);
		const { length } = published;
		await new Promise(resolve => setTimeout(resolve, 6000));
		expect(published.length).toBe(length);
		expect(await waiting()).toBeGreaterThan(0);
		const warnings = warn.mock.calls.flat().join("\n");
		// One warning of a kind in a minute: it may be of the handover, or of what came after it.
		expect(warnings).toMatch(
			/The windows are (published by|being handed over to) the Flink job.* npm run stream -- engine (builtin|flink)\./
		);
	}, 150_000);

	it("is the service again after another one, in higher revisions, and the Flink job ends", async () => {
		const { code, output } = await command("builtin", "--wait", "6");
		expect({ code, output }).toMatchObject({ code: 0 });
		await until(() => (current(0)?.revision ?? 0) > 4, 60_000);
		expect(current(0)).toMatchObject({ orders: 3, revision: 5 });
		await sell(1, 62);
		await until(() => current(1)?.orders === 2, 60_000);
		expect(await job.ended()).toBe(78);
		expect(job.output()).toContain("The windows are published by the engine builtin");
		await until(async () => (await waiting()) === 0, 30_000);
	}, 150_000);

	it("never published a revision below one before, nor one with two contents", () => {
		for (const events of Map.groupBy(published, ({ subject }) => subject).values()) {
			const revisions = events.map(({ data }) => data.revision);
			expect(revisions).toEqual(revisions.toSorted((a, b) => a - b));
			expect(new Set(events.map(({ data }) => JSON.stringify(data))).size).toBe(
				new Set(revisions).size
			);
		}
	});

	it("is the one of the settings, or none: rows wait, or are left to the other", async () => {
		const log = new EngineLog(driver);
		const ask = (engine: "builtin" | "flink") =>
			new EngineOwner({ driver, engine, recheckMs: 0 }).mayPublish();
		await expect(ask("builtin")).resolves.toBe(true);
		await expect(ask("flink")).rejects.toThrow("set it to builtin, or hand them over");
		await log.append({ engine: "flink", step: "release" });
		await expect(ask("builtin")).rejects.toThrow("are being handed over to the Flink job");
		await expect(ask("flink")).rejects.toThrow("are being handed over to the Flink job");
		await log.append({ engine: "flink", step: "take" });
		await expect(ask("flink")).resolves.toBe(false);
		await expect(ask("builtin")).rejects.toThrow("set it to flink, or hand them over");
		await log.close();
	}, 60_000);
});

describeKafka("the topic analytics-engine", () => {
	let kafka: TestKafka;
	let admin: Admin;
	const drivers: KafkaDriver[] = [];
	const logs: EngineLog[] = [];

	beforeAll(async () => {
		kafka = await testKafka();
		admin = new Kafka({ brokers: [kafka.brokers], logLevel: logLevel.NOTHING }).admin();
		await admin.connect();
	}, kafkaWithinMs);
	afterAll(async () => {
		for (const each of [...logs, ...drivers]) await each.close();
		await admin?.disconnect();
		await kafka?.stop();
	}, 60_000);
	afterEach(() => admin.deleteTopics({ topics: [engineTopic.name] }));

	function open(): EngineLog {
		const driver = new KafkaDriver({ brokers: [kafka.brokers] });
		const log = new EngineLog(driver);
		drivers.push(driver);
		logs.push(log);
		return log;
	}

	it("is not made by reading it", async () => {
		expect(await open().read()).toBeUndefined();
		expect(await admin.listTopics()).not.toContain(engineTopic.name);
		await open().append({ engine: "flink", step: "claim" });
	}, 30_000);

	it("has one owner where two engines claim the windows at once", async () => {
		const claims = (["builtin", "flink"] as const).map(engine => ({ engine, log: open() }));
		await Promise.all(claims.map(({ engine, log }) => log.append({ engine, step: "claim" })));
		const [one, other] = await Promise.all(claims.map(({ log }) => log.read()));
		expect(one).toEqual(other);
		expect([{ owner: "builtin" }, { owner: "flink" }]).toContainEqual(one);
	}, 30_000);

	it("is asked each time before messages are marked that are not sent", async () => {
		const log = open();
		const owner = new EngineOwner({ driver: drivers.at(-1)!, engine: "flink" });
		await log.append({ engine: "flink", step: "claim" });
		expect(await owner.mayPublish()).toBe(false);
		await log.append({ engine: "builtin", step: "release" });
		await expect(owner.mayPublish()).rejects.toThrow("are being handed over");
		await owner.close();
	}, 30_000);

	it.each([
		["as many records", 0],
		["more records", 2],
		["fewer records", -1]
	])(
		"is read from its start where it was lost and has %s",
		async (_, more) => {
			const [log, other] = [open(), open()];
			await log.append({ engine: "builtin", step: "claim" });
			await log.append({ engine: "builtin", step: "claim" });
			expect(await log.read()).toEqual({ owner: "builtin" });
			await admin.deleteTopics({ topics: [engineTopic.name] });
			await until(async () => !(await admin.listTopics()).includes(engineTopic.name), 10_000);
			for (let n = 0; n < 2 + more; n++) await other.append({ engine: "flink", step: "claim" });
			await until(async () => {
				const found = await log.read().catch(() => undefined);
				return found && "owner" in found && found.owner === "flink";
			}, 20_000);
		},
		60_000
	);
});
