import { createServer, type IncomingMessage } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Kafka, logLevel } from "kafkajs";
import { clientProperties } from "../../../launch/servers/kafka-client.ts";
import { kafkaRights } from "../../../cli/rights/kafka-rights.ts";
import { AccessList } from "../../../streams/kafka/access-list.ts";
import { KafkaDriver } from "../../../streams/kafka/kafka.driver.ts";
import { topics, topicSpecs } from "../../../streams/messages/topics.ts";
import { describeWith } from "../../support/describe-with.ts";
import { compileJob, FlinkJob } from "../../support/flink/flink-job.ts";
import { messageOf, saleOf } from "../../support/flink/recent-sales.ts";
import {
	kafkaWithinMs,
	passwordOf,
	testKafka,
	type TestKafka,
	withUsers
} from "../../support/servers/kafka.ts";
import { temporaryFolder } from "../../support/servers/temporary-folder.ts";
import { until } from "../../support/until.ts";

const saslOf = (user: string) =>
	({ mechanism: "scram-sha-512", username: user, password: passwordOf(user) }) as const;
const secret = "projects/p/secrets/kafka/versions/latest";

/** Secret Manager and the metadata server of a machine of Google's, as far as the job asks them. */
function answerOf({ url, headers }: IncomingMessage, properties: string): object | undefined {
	if (url === "/computeMetadata/v1/instance/service-accounts/default/token")
		return headers["metadata-flavor"] === "Google" ? { access_token: "t0ken" } : undefined;
	if (url !== `/v1/${secret}:access` || headers.authorization !== "Bearer t0ken") return undefined;
	return { payload: { data: Buffer.from(properties).toString("base64") } };
}

describeWith("java", "javac")(
	"the login of the Flink job, with a broker that requires one and knows rights",
	() => {
		let kafka: TestKafka;
		let classPath: string;
		let url: string;
		let driver: KafkaDriver;
		const properties = clientProperties({ ssl: false, sasl: saslOf("flink") }, []);
		const server = createServer((request, response) => {
			const answer = answerOf(request, properties);
			response.writeHead(answer ? 200 : 403).end(JSON.stringify(answer ?? {}));
		});

		beforeAll(async () => {
			server.listen(0, "127.0.0.1");
			await once(server, "listening");
			url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
			[kafka, classPath] = await Promise.all([
				testKafka(withUsers(["flink", "webhook"])),
				compileJob()
			]);
			const options = { brokers: [kafka.brokers], sasl: saslOf("broker") };
			driver = new KafkaDriver(options);
			await driver.createTopics(topicSpecs({ partitions: 1, retentionMs: 90_000_000 }));
			// One that the service has published, which the job reads.
			await driver.publish(topics.windows, [messageOf(2)]);
			const rights = await AccessList.connect(options, kafkaRights);
			await rights.set();
			await rights.close();
		}, kafkaWithinMs);

		afterAll(async () => {
			server.close();
			await driver?.close();
			await kafka?.stop();
		}, 60_000);

		const jobWith = (source: string) =>
			new FlinkJob({
				classPath,
				brokers: kafka.brokers,
				arguments: ["--kafka-properties", source],
				properties: { "shop.metadata.url": url, "shop.secrets.url": url }
			});

		it("comes from Secret Manager, and its rights are enough to publish windows and late events", async () => {
			const job = jobWith(secret);
			const hasMore = async (topic: string, than: bigint) =>
				(await driver.extents(topic))[0]!.next > than;
			const published = async () =>
				(await hasMore(topics.windows, 1n)) && (await hasMore(topics.late, 0n));
			try {
				job.start();
				await until(() => !job.isRunning || job.countCheckpoints() > 0, 60_000);
				// The log takes both now: the second is more than a day late.
				await driver.publish(topics.orders, [saleOf(1), saleOf(40)]);
				await until(async () => !job.isRunning || (await published()), 60_000);
				expect(job.output()).not.toMatch(/Caused by|authoriz/i);
				expect([job.isRunning, await published()]).toEqual([true, true]);
			} finally {
				await job.kill();
			}
		}, 150_000);

		it("comes from a file", async () => {
			const file = join(temporaryFolder(), "client.properties");
			writeFileSync(file, properties, { mode: 0o600 });
			const job = jobWith(file);
			try {
				job.start();
				await until(() => !job.isRunning || job.countCheckpoints() > 0, 60_000);
				expect(job.isRunning).toBe(true);
			} finally {
				await job.kill();
			}
		}, 90_000);

		it("is enough to see that the log has lost orders", async () => {
			const admin = new Kafka({
				brokers: [kafka.brokers],
				sasl: saslOf("broker"),
				logLevel: logLevel.NOTHING
			}).admin();
			await admin.connect();
			const [{ partition, offset } = { partition: 0, offset: "0" }] = await admin.fetchTopicOffsets(
				topics.orders
			);
			await admin.deleteTopicRecords({ topic: topics.orders, partitions: [{ partition, offset }] });
			await admin.disconnect();
			const job = jobWith(secret);
			job.start();
			expect(await job.ended()).toBe(78);
			expect(job.output()).toContain("Partition 0 of the topic orders has lost events");
		}, 60_000);

		it.each<[what: string, user: string, sentence: string]>([
			["has another password", "flink2", "Kafka does not accept the login of --kafka-properties:"],
			["has no rights", "webhook", "Kafka does not let the user of --kafka-properties do this:"]
		])(
			"is refused in a sentence where the user %s",
			async (_, user, sentence) => {
				const file = join(temporaryFolder(), "client.properties");
				writeFileSync(file, clientProperties({ ssl: false, sasl: saslOf(user) }, []), {
					mode: 0o600
				});
				const job = jobWith(file);
				job.start();
				expect(await job.ended()).toBe(78);
				expect(job.output()).toContain(sentence);
				expect(job.output()).not.toContain(passwordOf(user));
			},
			60_000
		);

		it("is refused in a sentence where the secret is not this machine's", async () => {
			const job = jobWith("projects/p/secrets/other/versions/1");
			job.start();
			expect(await job.ended()).toBe(78);
			expect(job.output()).toContain("/v1/projects/p/secrets/other/versions/1:access answers 403.");
		}, 60_000);
	}
);
