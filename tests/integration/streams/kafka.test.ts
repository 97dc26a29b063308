import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { ConfigResourceTypes, Kafka, logLevel, type Message as KafkaMessage } from "kafkajs";
import { newId } from "../../../lib/id.ts";
import type { Batch, Driver } from "../../../streams/driver.ts";
import { KafkaDriver } from "../../../streams/kafka/kafka.driver.ts";
import {
	describeKafka,
	kafkaWithinMs,
	testKafka,
	type TestKafka
} from "../../support/servers/kafka.ts";
import { run } from "../../support/servers/processes.ts";
import { temporaryFolder } from "../../support/servers/temporary-folder.ts";
import { badEvents } from "../../support/streams/bad-events.conformance.ts";
import { driverConformance } from "../../support/streams/driver.conformance.ts";
import { reader, topicOf } from "../../support/streams/topic-reader.ts";
import { until } from "../../support/until.ts";

const withinMs = 60_000;
jest.setTimeout(90_000);

const numbers = (from: number, to: number) =>
	Array.from({ length: to - from }, (_, n) => String(from + n));
const keyed = (values: string[], key = "k") => values.map(value => ({ key, value }));

describeKafka("the log in Kafka", () => {
	let kafka: TestKafka;
	const opened: Driver[] = [];

	async function open(): Promise<Driver> {
		const driver = new KafkaDriver({ brokers: [kafka.brokers] });
		opened.push(driver);
		return driver;
	}

	/** As another writer. Its partition is given, because kafkajs takes minutes to choose one by a key of 1 MB. */
	async function write(topic: string, ...messages: KafkaMessage[]): Promise<void> {
		const client = new Kafka({ brokers: [kafka.brokers], logLevel: logLevel.NOTHING });
		const producer = client.producer();
		await producer.connect();
		await producer.send({
			topic,
			messages: messages.map(message => ({ ...message, partition: 0 }))
		});
		await producer.disconnect();
	}

	beforeAll(async () => {
		kafka = await testKafka();
	}, kafkaWithinMs);

	afterAll(async () => {
		await Promise.all(opened.map(driver => driver.close()));
		await kafka?.stop();
	}, 60_000);

	driverConformance(open);
	describe("and bad events on it", () => badEvents(open, write));

	it("publishes more at once than a broker accepts in one request, but no value above 2 MiB", async () => {
		const driver = await open();
		const topic = await topicOf(driver);
		const value = "x".repeat(20_000);
		await driver.publish(
			topic,
			numbers(0, 500).map(key => ({ key, value }))
		);
		expect(await driver.extents(topic)).toEqual([{ partition: 0, first: 0n, next: 500n }]);
		const large = (bytes: number) => driver.publish(topic, keyed(["x".repeat(bytes)]));
		await large(2 * 1024 * 1024);
		await expect(large(3 * 1024 * 1024)).rejects.toThrow(/larger than the max/);
	}, 60_000);

	it("creates topics as specified", async () => {
		const driver = await open();
		const name = await topicOf(driver, { partitions: 3, cleanup: "compact", retentionMs: 5000 });
		const admin = new Kafka({ brokers: [kafka.brokers], logLevel: logLevel.NOTHING }).admin();
		await admin.connect();
		const { resources } = await admin.describeConfigs({
			includeSynonyms: false,
			resources: [{ type: ConfigResourceTypes.TOPIC, name }]
		});
		await admin.disconnect();
		const found = resources[0]!.configEntries.map(entry => [entry.configName, entry.configValue]);
		expect(Object.fromEntries(found)).toMatchObject({
			"cleanup.policy": "compact",
			"retention.ms": "5000",
			"min.insync.replicas": "1",
			"message.timestamp.type": "LogAppendTime"
		});
		expect(await driver.extents(name)).toHaveLength(3);
	});

	it("delivers messages of other writers unchanged", async () => {
		const driver = await open();
		const topic = await topicOf(driver);
		await write(
			topic,
			{ key: null, value: Buffer.from([0xff, 0x00]), headers: { twice: ["a", "b"] } },
			{ key: "k", value: null, timestamp: "0" }
		);
		const { got, stop } = await reader(driver, topic);
		await until(() => got.length === 2, withinMs);
		await stop();
		expect(got[0]).toMatchObject({ key: null, value: Buffer.from([0xff, 0x00]) });
		expect(got[0]!.headers).toEqual({ twice: "b" });
		expect(got[1]).toMatchObject({ key: "k", value: Buffer.alloc(0) });
		expect(Date.now() - got[1]!.at.getTime()).toBeLessThan(600_000);
	}, 60_000);

	it("has the offsets of a group, for Kafka's own tools, until the group is deleted", async () => {
		const driver = await open();
		const topic = await topicOf(driver);
		const groupId = `g-${newId()}`;
		const admin = new Kafka({ brokers: [kafka.brokers], logLevel: logLevel.NOTHING }).admin();
		await admin.connect();
		const committed = async () =>
			(await admin.fetchOffsets({ groupId, topics: [topic] }))[0]!.partitions[0]!.offset;
		await driver.publish(topic, keyed(numbers(0, 5)));
		const { stop } = await reader(driver, topic, { group: groupId });
		await until(async () => (await committed()) === "5", withinMs);
		await stop();
		await driver.deleteGroup(groupId);
		expect(await committed()).toBe("-1");
		await admin.disconnect();
	}, 60_000);

	it("is read by Kafka's own console consumer", async () => {
		const driver = await open();
		const topic = await topicOf(driver);
		await driver.publish(topic, [{ key: "user-1", value: '{"id":"1"}', headers: { ce_id: "1" } }]);
		const env = { KAFKA_BROKERS: kafka.brokers };
		const { code, output } = await run("kafka.ts", ["consume", topic, "--max", "1"], env);
		expect(output).toContain('Partition:0\tOffset:0\tce_id:1\tuser-1\t{"id":"1"}');
		expect(code).toBe(0);
	}, 60_000);

	it("refuses a member for a topic that does not exist", async () => {
		await expect(reader(await open(), `no-${newId()}`)).rejects.toThrow();
	}, 60_000);

	it("begins with the oldest message, and reports it, when the requested offset has expired", async () => {
		const driver = await open();
		const topic = await topicOf(driver);
		await driver.publish(topic, keyed(numbers(0, 10)));
		const admin = new Kafka({ brokers: [kafka.brokers], logLevel: logLevel.NOTHING }).admin();
		await admin.connect();
		await admin.fetchTopicOffsets(topic);
		await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: "4" }] });
		await admin.disconnect();
		const { texts, errors, stop } = await reader(driver, topic, { position: async () => 2n });
		await until(() => texts().length === 6, withinMs);
		await stop();
		expect(texts()).toEqual(numbers(4, 10));
		expect(errors).toEqual([
			`${topic}/0 has no offset 2: it is read on from its oldest message, 4`
		]);
	}, 90_000);

	it("lets a slow batch delay no other partition, and aborts it when the partition is revoked", async () => {
		const driver = await open();
		const topic = await topicOf(driver, { partitions: 2 });
		const group = `g-${newId()}`;
		const free: string[] = [];
		let slow: Batch | undefined;
		let isGone = false;
		const onBatch = async (batch: Batch) => {
			if (batch.messages[0]!.key === "slow" && !slow) {
				slow = batch;
				while (!batch.isStale()) await delay(50);
				isGone = true;
			} else free.push(...batch.messages.map(({ value }) => value.toString()));
			return batch.messages.at(-1)!.offset + 1n;
		};
		const first = await reader(driver, topic, { group, onBatch });
		await driver.publish(topic, [{ key: "slow", value: "s" }]);
		await until(() => slow, withinMs);
		// The next key that is in the other partition.
		const keys = numbers(0, 50).map(key => ({ key, value: key }));
		await driver.publish(topic, keys);
		const others = (await driver.extents(topic)).find(
			({ partition }) => partition !== slow!.partition
		)!;
		await until(() => free.length === Number(others.next), withinMs);
		expect(isGone).toBe(false);
		const second = await reader(await open(), topic, { group, onBatch });
		await until(() => isGone, withinMs);
		await until(() => new Set(free).has("s"), withinMs);
		await Promise.all([first.stop(), second.stop()]);
	}, 120_000);

	it("makes no second call for a retained partition while the first is in progress", async () => {
		const driver = await open();
		const topic = await topicOf(driver, { partitions: 2 });
		const group = `g-${newId()}`;
		const inHand = new Map<number, number>();
		const release = Promise.withResolvers<void>();
		let overlaps = 0;
		const onBatch = async ({ partition, messages }: Batch) => {
			const count = (inHand.get(partition) ?? 0) + 1;
			inHand.set(partition, count);
			if (count > 1) overlaps++;
			await release.promise;
			inHand.set(partition, inHand.get(partition)! - 1);
			return messages.at(-1)!.offset + 1n;
		};
		let parts: readonly unknown[] = [];
		const first = await reader(driver, topic, {
			group,
			onBatch,
			onAssigned: partitions => (parts = partitions)
		});
		await driver.publish(
			topic,
			numbers(0, 20).map(key => ({ key, value: key }))
		);
		await until(() => inHand.size === 2, withinMs);
		const second = await reader(await open(), topic, { group });
		await until(() => parts.length === 1 && second.got.length > 0, withinMs);
		// Long enough for a fetch of the retained partition.
		await delay(1000);
		expect(overlaps).toBe(0);
		release.resolve();
		await until(() => [...inHand.values()].every(count => count === 0), withinMs);
		await Promise.all([first.stop(), second.stop()]);
	}, 120_000);

	it("loses nothing when the broker is killed, and reports of each publish whether it is stored", async () => {
		const driver = await open();
		const topic = await topicOf(driver, { partitions: 4 });
		const stored: string[] = [];
		let refused = 0;
		const { got, texts, errors, stop } = await reader(driver, topic);
		const publish = async (value: string) => {
			try {
				await driver.publish(topic, [{ key: value, value }]);
				stored.push(value);
			} catch {
				refused++;
			}
		};
		for (const value of numbers(0, 50)) await publish(value);
		await kafka.crash();
		await publish("meanwhile");
		expect(refused).toBe(1);
		await kafka.restart();
		for (const value of numbers(50, 100)) await publish(value);
		await until(async () => {
			await publish(newId());
			return stored.length > 60;
		}, withinMs);
		await until(() => new Set(texts()).size >= stored.length, withinMs);
		expect(stored.filter(value => !texts().includes(value))).toEqual([]);
		expect(errors.length).toBeLessThan(50);
		const ids = got.map(({ partition, offset }) => `${partition} ${offset}`);
		expect(new Set(ids).size).toBe(ids.length);
		await stop();
	}, 180_000);

	it("survives a broker that is paused", async () => {
		const driver = await open();
		const topic = await topicOf(driver);
		const { texts, stop } = await reader(driver, topic);
		await driver.publish(topic, keyed(["before"]));
		await until(() => texts().includes("before"), withinMs);
		kafka.pause();
		const failed = await driver.publish(topic, keyed(["meanwhile"])).then(
			() => false,
			() => true
		);
		kafka.resume();
		expect(failed).toBe(true);
		await until(
			() =>
				driver.publish(topic, keyed(["after"])).then(
					() => true,
					() => false
				),
			withinMs
		);
		await until(() => texts().includes("after"), withinMs);
		await stop();
	}, 180_000);

	it("is read from its start after it lost all data", async () => {
		const driver = await open();
		const topic = await topicOf(driver);
		const { texts, errors, stop } = await reader(driver, topic);
		await driver.publish(topic, keyed(numbers(0, 20)));
		await until(() => texts().length === 20, withinMs);
		await kafka.crash();
		await kafka.restart(true);
		const again = await open();
		await again.createTopics([
			{ name: topic, partitions: 1, cleanup: "delete", retentionMs: 3_600_000 }
		]);
		await again.publish(topic, keyed(["new"]));
		await until(() => texts().includes("new"), withinMs);
		expect(errors).toContain(
			`${topic}/0 has no offset 20: it is read on from its oldest message, 0`
		);
		await stop();
	}, 180_000);

	it("can be closed while the broker is down", async () => {
		const driver = await open();
		const { stop } = await reader(driver, await topicOf(driver));
		await kafka.crash();
		await stop();
		await driver.close();
		await expect(reader(new KafkaDriver({ brokers: [kafka.brokers] }), "t")).rejects.toThrow();
		await kafka.restart();
	}, 120_000);
});

describeKafka("a Kafka with authentication", () => {
	const password = "correct-horse";
	let kafka: TestKafka;
	let certificate: string;
	let ca: string;

	beforeAll(async () => {
		const folder = temporaryFolder();
		const store = join(folder, "broker.p12");
		const keytool = (...args: string[]) =>
			execFileSync("keytool", [...args, "-keystore", store, "-storepass", password]);
		keytool(
			"-genkeypair",
			"-alias",
			"broker",
			"-keyalg",
			"EC",
			"-dname",
			"CN=localhost",
			"-ext",
			"san=ip:127.0.0.1",
			"-storetype",
			"PKCS12"
		);
		certificate = join(folder, "broker.pem");
		keytool("-exportcert", "-rfc", "-alias", "broker", "-file", certificate);
		ca = readFileSync(certificate, "utf8");
		kafka = await testKafka({
			scram: `SCRAM-SHA-512=[name=shop,password=${password}]`,
			settings: {
				"listener.security.protocol.map": "CONTROLLER:PLAINTEXT,CLIENTS:SASL_SSL",
				"sasl.enabled.mechanisms": "SCRAM-SHA-512",
				"sasl.mechanism.inter.broker.protocol": "SCRAM-SHA-512",
				"listener.name.clients.scram-sha-512.sasl.jaas.config": `org.apache.kafka.common.security.scram.ScramLoginModule required username="shop" password="${password}";`,
				...Object.fromEntries(
					["keystore", "truststore"].flatMap(kind => [
						[`ssl.${kind}.type`, "PKCS12"],
						[`ssl.${kind}.location`, store],
						[`ssl.${kind}.password`, password]
					])
				)
			}
		});
	}, kafkaWithinMs);

	afterAll(() => kafka?.stop(), 30_000);

	const driverOf = (word: string, ssl: boolean | { ca: string }) =>
		new KafkaDriver({
			brokers: [kafka.brokers],
			ssl,
			sasl: { mechanism: "scram-sha-512", username: "shop", password: word }
		});

	it("is used over TLS with the right password", async () => {
		const driver = driverOf(password, { ca });
		const topic = await topicOf(driver);
		await driver.publish(topic, keyed(["1"]));
		const { texts, stop } = await reader(driver, topic);
		await until(() => texts().includes("1"), withinMs);
		await stop();
		await driver.close();
		const env = {
			KAFKA_BROKERS: kafka.brokers,
			KAFKA_SSL: "true",
			NODE_EXTRA_CA_CERTS: certificate,
			KAFKA_SASL_USERNAME: "shop",
			KAFKA_SASL_PASSWORD: password,
			TMPDIR: temporaryFolder()
		};
		const { code, output } = await run("kafka.ts", ["consume", topic, "--max", "1"], env);
		expect(output).toMatch(/\tk\t1$/m);
		expect([code, readdirSync(env.TMPDIR)]).toEqual([0, []]);
	}, 60_000);

	it("refuses a wrong password, and is refused without a trusted certificate", async () => {
		const [guessing, trusting] = [driverOf("wrong", { ca }), driverOf(password, true)];
		await expect(guessing.extents("t")).rejects.toThrow(/[Aa]uthentication/);
		await expect(trusting.extents("t")).rejects.toThrow(/certificate/);
		await Promise.all([guessing.close(), trusting.close()]);
	}, 60_000);
});
