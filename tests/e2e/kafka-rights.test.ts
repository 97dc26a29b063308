import { inspect } from "node:util";
import {
	AclOperationTypes,
	AclPermissionTypes,
	AclResourceTypes,
	ConfigResourceTypes,
	Kafka,
	logLevel,
	ResourcePatternTypes,
	type Admin
} from "kafkajs";
import { administrator, kafkaRights } from "../../cli/rights/kafka-rights.ts";
import { freePort } from "../../launch/process/free-port.ts";
import { newId } from "../../lib/id.ts";
import { KafkaDriver } from "../../streams/kafka/kafka.driver.ts";
import { dlqTopicOf, topics } from "../../streams/messages/topics.ts";
import { passThrough } from "../support/release/order-flows.ts";
import { startVersion, type VersionNode } from "../support/release/version-nodes.ts";
import { testDatabase, type TestDatabase } from "../support/servers/database.ts";
import {
	describeKafka,
	kafkaWithinMs,
	loginOf,
	passwordOf,
	testKafka,
	type TestKafka,
	withUsers
} from "../support/servers/kafka.ts";
import { run } from "../support/servers/processes.ts";
import { temporaryFolder } from "../support/servers/temporary-folder.ts";
import { signIn } from "../support/shop/api-client.ts";
import { newTokenKey } from "../support/shop/token-key.ts";
import { until } from "../support/until.ts";

const nodes = ["product", "order", "notification", "analytics", "webhook"];
/** The administrator is the last one, because that one may delete a topic. */
const users = [...nodes, "flink", administrator];
const [allTopics, allGroups] = (["topic", "group"] as const).map(on => [
	...new Set(kafkaRights.filter(one => one.on === on && !one.isPrefix).map(({ name }) => name))
]) as [string[], string[]];

const mayDo = (user: string, operation: string, on: string, name: string) =>
	kafkaRights.some(
		one =>
			one.user === user &&
			one.on === on &&
			one.name === name &&
			(one.operation === operation || one.operation === "All")
	);

/** Nodes that sign in to Kafka with a user each, which may do what it needs and no more. */
describeKafka("with a Kafka that knows the rights of each user", () => {
	let kafka: TestKafka;
	let database: TestDatabase;
	let environment: Record<string, string>;
	const started: VersionNode[] = [];

	beforeAll(async () => {
		[kafka, database] = await Promise.all([testKafka(withUsers(users)), testDatabase()]);
		environment = {
			DATABASE_URL: database.url,
			KAFKA_BROKERS: kafka.brokers,
			NATS_URL: process.env.TEST_NATS_URL!,
			SHOP_NAMESPACE: `rights-${process.pid}`,
			DATA_DIR: temporaryFolder(),
			DATABASE_POOL: "2",
			ORDER_MAX_OPEN: "0",
			...newTokenKey()
		};
	}, kafkaWithinMs);

	afterAll(async () => {
		for (const node of started) node.kill();
		await kafka?.stop();
		await database?.drop();
	}, 60_000);

	const stream = (user: string, ...words: string[]) =>
		run("stream.ts", words, { ...environment, ...loginOf(user) });

	const saslOf = (user: string) =>
		({ mechanism: "scram-sha-512", username: user, password: passwordOf(user) }) as const;

	const clientOf = (user: string) =>
		new Kafka({
			clientId: `test-${user}`,
			brokers: [kafka.brokers],
			sasl: saslOf(user),
			logLevel: logLevel.NOTHING,
			retry: { retries: 0 }
		});

	async function withDriver<R>(user: string, use: (driver: KafkaDriver) => Promise<R>): Promise<R> {
		const driver = new KafkaDriver({ brokers: [kafka.brokers], sasl: saslOf(user) });
		return use(driver).finally(() => driver.close());
	}

	describe("the command", () => {
		it("shows all rights while there are none, and changes nothing", async () => {
			for (let n = 0; n < 2; n++) {
				const { code, output } = await stream("order", "rights");
				expect(code).toBe(1);
				expect(output.match(/^\+ /gm)).toHaveLength(kafkaRights.length);
				expect(output).toContain("+ order: Write topic orders\n");
				expect(output).toContain("+ analytics: Delete group reader-*\n");
			}
		}, 60_000);

		it("sets them for the administrator only, who is there for sure", async () => {
			const { code, output } = await stream("order", "rights", "--set");
			expect([code, output]).toEqual([
				78,
				expect.stringContaining("set by the user administrator")
			]);
		}, 30_000);

		it("sets them, and then has nothing to do", async () => {
			const set = await stream(administrator, "rights", "--set");
			expect(set.output).toContain(`${kafkaRights.length} added, 0 removed.`);
			expect(set.code).toBe(0);
			const { code, output } = await stream(administrator, "rights");
			expect([code, output]).toEqual([
				0,
				`The ${kafkaRights.length} rights are as they should be.\n`
			]);
		}, 60_000);

		it("shows them to nobody else", async () => {
			const { code, output } = await stream("order", "rights");
			expect([code, output]).toEqual([
				78,
				expect.stringContaining("Only the user administrator sees the rights")
			]);
		}, 30_000);
	});

	describe("the shop", () => {
		let url: string;

		beforeAll(async () => {
			const port = await freePort();
			url = `http://127.0.0.1:${port}`;
			const others = startVersion({ version: "all", environment }, "gateway,user,payment", port);
			const own = nodes.map(user =>
				startVersion({ version: user, environment: { ...environment, ...loginOf(user) } }, user)
			);
			started.push(...(await Promise.all([others, ...own])));
			await until(async () => (await fetch(`${url}/health/ready`)).status === 200, 30_000);
		}, 150_000);

		/** Nothing waits in the outbox, nor for a consumer. */
		const lagIsNone = () =>
			until(async () => {
				const { output } = await stream("analytics", "lag", "--url", url);
				return /outbox +0 (.* 0 messages waiting, 0 dead-lettered){3}/s.test(output);
			}, 60_000);

		const hasMessages = (topic: string) =>
			withDriver(administrator, async driver =>
				(await driver.extents(topic)).some(({ next }) => next > 0n)
			);

		it("takes orders through everything, and each service gets its events", async () => {
			const clients = await signIn(url);
			await passThrough(clients, url);
			await lagIsNone();
			await until(() => hasMessages(topics.windows), 60_000);
		}, 120_000);

		it("publishes that a product is running out", async () => {
			const { admin } = await signIn(url);
			const path = "/api/v1/products/prod-003/stock";
			const { body: stock } = await admin.get<{ available: number }>(path);
			const delta = 1 - stock.available;
			expect((await admin.post(path, { delta, reason: "counted" })).status).toBe(200);
			await until(() => hasMessages(topics.notifications), 30_000);
			await lagIsNone();
		}, 90_000);

		it("is compared with the log as analytics", async () => {
			const env = { ...environment, ...loginOf("analytics") };
			const { code, output } = await run("verify.ts", ["stream"], env);
			expect({ code, output }).toMatchObject({ code: 0 });
		}, 60_000);

		it("keeps what is no event in the topics of dead letters", async () => {
			await withDriver(administrator, async driver => {
				for (const topic of [topics.orders, topics.notifications])
					await driver.publish(topic, [{ key: newId(), value: "no event" }]);
				const letters = async (topic: string) =>
					(await driver.extents(dlqTopicOf(topic))).reduce(
						(sum, { next }) => sum + Number(next),
						0
					);
				// Those of analytics, notification and webhook; the first reads orders only.
				await until(async () => (await letters(topics.orders)) === 3, 30_000);
				await until(async () => (await letters(topics.notifications)) === 2, 30_000);
			});
		}, 90_000);

		it("hands the windows over and back, as analytics", async () => {
			for (const engine of ["flink", "builtin"]) {
				const { code, output } = await stream("analytics", "engine", engine, "--wait", "0");
				expect({ code, output }).toMatchObject({ code: 0 });
			}
		}, 60_000);

		it("says nothing of a right that is missing", async () => {
			for (const node of started) {
				expect(node.output()).not.toMatch(/authoriz/i);
				await node.stop();
			}
		}, 60_000);
	});

	/** kafkajs finds no coordinator of a group that it has no right on. */
	const refused = /authoriz|group coordinator/i;

	async function outcomeOf(attempt: () => Promise<unknown>): Promise<"done" | "refused"> {
		try {
			await attempt();
			return "done";
		} catch (error) {
			if (refused.test(inspect(error, { depth: 5 }))) return "refused";
			throw error;
		}
	}

	describe.each(users)("%s", user => {
		it("writes to its topics, and to no other", async () => {
			await withDriver(user, async driver => {
				for (const topic of allTopics) {
					const wanted = mayDo(user, "Write", "topic", topic) ? "done" : "refused";
					const write = () => driver.publish(topic, [{ key: "test", value: "{}" }]);
					expect([topic, await outcomeOf(write)]).toEqual([topic, wanted]);
				}
			});
		}, 60_000);

		it("reads its topics, and no other", async () => {
			const read = async (topic: string) => {
				const consumer = clientOf(user).consumer({
					groupId: `test-${newId()}`,
					maxWaitTimeInMs: 200
				});
				const ended = Promise.withResolvers<void>();
				consumer.on("consumer.crash", ({ payload }) => ended.reject(payload.error));
				consumer.on("consumer.fetch", () => ended.resolve());
				try {
					await consumer.connect();
					await consumer.subscribe({ topics: [topic], fromBeginning: true });
					await consumer.run({ eachBatch: async () => undefined });
					await ended.promise;
				} finally {
					await consumer.disconnect();
				}
			};
			const found = await Promise.all(allTopics.map(topic => outcomeOf(() => read(topic))));
			expect(Object.fromEntries(allTopics.map((topic, n) => [topic, found[n]]))).toEqual(
				Object.fromEntries(
					allTopics.map(topic => [topic, mayDo(user, "Read", "topic", topic) ? "done" : "refused"])
				)
			);
		}, 60_000);

		it("joins its groups, and no other", async () => {
			const topic = allTopics.find(name => mayDo(user, "Describe", "topic", name))!;
			for (const group of allGroups) {
				const consumer = clientOf(user).consumer({ groupId: group, maxWaitTimeInMs: 200 });
				const joined = Promise.withResolvers<void>();
				consumer.on("consumer.crash", ({ payload }) => joined.reject(payload.error));
				consumer.on("consumer.group_join", () => joined.resolve());
				const join = async () => {
					await consumer.connect();
					await consumer.subscribe({ topics: [topic] });
					await consumer.run({ eachBatch: async () => undefined });
					await joined.promise;
				};
				const outcome = await outcomeOf(join).finally(() => consumer.disconnect());
				const wanted = mayDo(user, "Read", "group", group) ? "done" : "refused";
				expect([group, outcome]).toEqual([group, wanted]);
			}
		}, 60_000);

		it("changes topics and rights only as the administrator", async () => {
			const admin = clientOf(user).admin();
			await admin.connect();
			const wanted = user === administrator ? "done" : "refused";
			try {
				for (const [what, attempt] of attempts(admin))
					expect([what, await outcomeOf(attempt)]).toEqual([what, wanted]);
			} finally {
				await admin.disconnect();
			}
		}, 60_000);
	});

	/** Each does no harm where it is allowed. */
	const attempts = (admin: Admin): [what: string, attempt: () => Promise<unknown>][] => [
		[
			"rights",
			() =>
				admin.createAcls({
					acl: [
						{
							principal: "User:flink",
							host: "192.0.2.1",
							operation: AclOperationTypes.READ,
							permissionType: AclPermissionTypes.ALLOW,
							resourceType: AclResourceTypes.TOPIC,
							resourceName: "orders",
							resourcePatternType: ResourcePatternTypes.LITERAL
						}
					]
				})
		],
		[
			"retention",
			() =>
				admin.alterConfigs({
					validateOnly: true,
					resources: [
						{
							type: ConfigResourceTypes.TOPIC,
							name: topics.late,
							configEntries: [{ name: "retention.ms", value: "3600000" }]
						}
					]
				})
		],
		[
			"records",
			() =>
				admin.deleteTopicRecords({
					topic: topics.late,
					partitions: [{ partition: 0, offset: "0" }]
				})
		],
		["a topic", () => admin.deleteTopics({ topics: [dlqTopicOf(topics.late)] })]
	];

	it("what others have been allowed is shown, and removed", async () => {
		const found = await stream(administrator, "rights");
		expect([found.code, found.output]).toEqual([
			1,
			expect.stringMatching(/^- flink: Read topic orders from 192\.0\.2\.1\n/)
		]);
		const { output } = await stream(administrator, "rights", "--set");
		expect(output).toContain("0 added, 1 removed.");
		expect((await stream(administrator, "rights")).code).toBe(0);
	}, 60_000);
});
