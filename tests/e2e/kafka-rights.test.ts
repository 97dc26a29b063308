import { execFile } from "node:child_process";
import { join } from "node:path";
import { Kafka, logLevel, type Admin } from "kafkajs";
import { administrator, kafkaRights } from "../../cli/rights/kafka-rights.ts";
import { freePort } from "../../launch/process/free-port.ts";
import { newId } from "../../lib/id.ts";
import { KafkaDriver } from "../../streams/kafka/kafka.driver.ts";
import { messagesKeptMs } from "../../streams/kafka/topic-age.ts";
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
import { run, type Ended } from "../support/servers/processes.ts";
import { temporaryFolder } from "../support/servers/temporary-folder.ts";
import { signIn } from "../support/shop/api-client.ts";
import { newTokenKey } from "../support/shop/token-key.ts";
import {
	changes,
	joinGroup,
	openGroups,
	outcomeOf,
	readTopic,
	writesOrders
} from "../support/streams/kafka-attempts.ts";
import { buildOrderEvent } from "../support/streams/order-message.ts";
import { until } from "../support/until.ts";

const nodes = ["product", "order", "notification", "analytics", "webhook"];
/** The administrator is the last one, because that one may delete a topic. */
const users = [...nodes, "flink", administrator];
const [allTopics, allGroups] = (["topic", "group"] as const).map(on => [
	...new Set(
		kafkaRights
			.filter(one => one.on === on && !one.isPrefix && !one.name.startsWith("__"))
			.map(({ name }) => name)
	)
]) as [string[], string[]];

/** What each may read and write, and its groups, once more: a right that the table loses or gains is seen. */
const expected: Readonly<Record<string, [reads: string[], writes: string[], groups: string[]]>> = {
	product: [[], ["notifications"], []],
	order: [[], ["orders"], []],
	notification: [
		["notifications", "orders"],
		["notifications.dlq", "orders.dlq"],
		["notification"]
	],
	analytics: [
		["analytics-engine", "analytics-results", "orders"],
		["analytics-engine", "analytics-late", "analytics-results", "orders.dlq"],
		["analytics"]
	],
	webhook: [
		["notifications", "orders"],
		["notifications", "notifications.dlq", "orders.dlq"],
		["webhook"]
	],
	flink: [
		["analytics-engine", "analytics-results", "orders"],
		["analytics-engine", "analytics-late", "analytics-results"],
		["analytics-flink"]
	],
	administrator: [allTopics.toSorted(), allTopics.toSorted(), allGroups.toSorted()]
};

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
	const broker = withUsers(users);
	let kafka: TestKafka;
	let database: TestDatabase;
	let environment: Record<string, string>;
	const started: VersionNode[] = [];

	beforeAll(async () => {
		[kafka, database] = await Promise.all([testKafka(broker), testDatabase()]);
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

	/** As DEPLOYMENT.md has it: the password comes by a pipe. */
	const asAdministrator = (...words: string[]) =>
		new Promise<Ended>(done => {
			const script = ["-c", 'printf %s "$PASSWORD" | node cli/stream.ts rights "$@"', "sh"];
			const env = {
				PATH: process.env.PATH!,
				ENV_FILE: "/dev/null",
				...environment,
				KAFKA_SASL_USERNAME: administrator,
				KAFKA_SASL_PASSWORD_FILE: "/dev/stdin",
				PASSWORD: passwordOf(administrator)
			};
			const cwd = join(import.meta.dirname, "../..");
			execFile("sh", [...script, ...words], { cwd, env }, (error, stdout, stderr) =>
				done({ code: Number(error?.code ?? 0), output: stdout + stderr })
			);
		});

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
			const set = await asAdministrator("--set");
			expect(set.output).toContain(`${kafkaRights.length} added, 0 removed.`);
			expect(set.code).toBe(0);
			const { code, output } = await asAdministrator();
			expect([code, output]).toEqual([
				0,
				`The ${kafkaRights.length} rights are as they should be.\n`
			]);
		}, 60_000);

		it("shows them to no other user", async () => {
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
			// From here on, what no right is about is refused too.
			broker.settings["allow.everyone.if.no.acl.found"] = "false";
			await kafka.stop();
			await kafka.restart();
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

		it("publishes events that are more than a day late", async () => {
			const event = buildOrderEvent({ at: Date.now() - 3 * 86_400_000 });
			const message = { key: event.partitionkey, value: JSON.stringify(event) };
			await withDriver(administrator, driver => driver.publish(topics.orders, [message]));
			await until(() => hasMessages(topics.late), 60_000);
		}, 90_000);

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

		it("tells analytics how long the topic keeps orders, and no other node", async () => {
			const kept = (user: string) =>
				messagesKeptMs({ brokers: [kafka.brokers], sasl: saslOf(user) }, topics.orders);
			expect(await kept("analytics")).toBe(168 * 3_600_000);
			await expect(kept("order")).rejects.toThrow(/authorized/);
		}, 30_000);

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

		it.each<[command: string, script: string, words: string[], user: string | undefined]>([
			["restore:reconcile", "restore-reconcile.ts", [], administrator],
			["log:switch, to Postgres", "log-switch.ts", [], undefined],
			["log:switch, to Kafka", "log-switch.ts", [], administrator]
		])(
			"is stopped, and %s works",
			async (_, script, words, user) => {
				const { KAFKA_BROKERS: brokers, ...others } = environment;
				const log = user ? { KAFKA_BROKERS: brokers!, ...loginOf(user) } : {};
				const { code, output } = await run(script, words, { ...others, ...log });
				expect({ code, output }).toMatchObject({ code: 0 });
			},
			90_000
		);
	});

	it("every user has its topics and groups, and no others", () => {
		const namesOf = (user: string, operation: string, on: string, all: string[]) =>
			all.filter(name => mayDo(user, operation, on, name)).toSorted();
		const found = users.map(user => [
			user,
			[
				namesOf(user, "Read", "topic", allTopics),
				namesOf(user, "Write", "topic", allTopics),
				namesOf(user, "Read", "group", allGroups)
			]
		]);
		expect(Object.fromEntries(found)).toEqual(expected);
	});

	async function withAdmin<R>(user: string, use: (admin: Admin) => Promise<R>): Promise<R> {
		const admin = clientOf(user).admin();
		await admin.connect();
		return use(admin).finally(() => admin.disconnect());
	}

	describe.each(users)("%s", user => {
		const [reads, writes, groups] = expected[user]!;
		/** By name, how each attempt ended. */
		async function outcomes(names: readonly string[], attempt: (name: string) => Promise<unknown>) {
			const found: [string, string][] = [];
			for (const name of names) found.push([name, await outcomeOf(() => attempt(name))]);
			return Object.fromEntries(found);
		}
		const wanted = (names: readonly string[], allowed: readonly string[]) =>
			Object.fromEntries(
				names.map(name => [name, allowed.includes(name) ? "done" : "refused"] as const)
			);

		it("writes to its topics, and to no other", async () => {
			const found = await withDriver(user, driver =>
				outcomes(allTopics, topic => driver.publish(topic, [{ key: "test", value: "{}" }]))
			);
			expect(found).toEqual(wanted(allTopics, writes));
		}, 60_000);

		it("reads its topics, and no other", async () => {
			await withAdmin(administrator, admin => openGroups(admin, "test-"));
			const found = await outcomes(allTopics, topic =>
				readTopic(clientOf(user), `test-${newId()}`, topic)
			);
			expect(found).toEqual(wanted(allTopics, reads));
		}, 60_000);

		it("joins its groups, and no other", async () => {
			const topic = allTopics.find(name => mayDo(user, "Describe", "topic", name))!;
			const all = [...allGroups, "moleculer-commerce-production-notification-orders"];
			const found = await outcomes(all, group => joinGroup(clientOf(user), group, topic));
			expect(found).toEqual(wanted(all, groups));
		}, 60_000);

		it("changes topics, positions and rights only as the administrator", async () => {
			await withAdmin(user, async admin => {
				const all = new Map(changes(admin));
				const names = [...all.keys()];
				const found = await outcomes(names, name => all.get(name)!());
				expect(found).toEqual(wanted(names, user === administrator ? names : []));
				const make = () => admin.createTopics({ topics: [{ topic: `other-${user}` }] });
				expect(await outcomeOf(make)).toBe("refused");
			});
		}, 60_000);
	});

	it("what others have been allowed is shown, stays where rights are added, and is removed where they are set", async () => {
		const other = /^- flink: Read topic orders from 192\.0\.2\.1\n/m;
		await withAdmin(administrator, admin => admin.deleteAcls({ filters: [writesOrders] }));
		const found = await asAdministrator();
		expect(found).toEqual({ code: 1, output: expect.stringMatching(other) });
		expect(found.output).toContain("+ order: Write topic orders\n");
		const added = await asAdministrator("--add");
		expect(added.output).toContain("1 added. 1 are too many, and stay until:");
		expect(added.code).toBe(0);
		const between = await asAdministrator();
		expect(between).toEqual({ code: 1, output: expect.stringMatching(other) });
		expect(between.output).not.toMatch(/^\+/m);
		const { output } = await asAdministrator("--set");
		expect(output).toContain("0 added, 1 removed.");
		expect((await asAdministrator()).code).toBe(0);
	}, 90_000);
});
