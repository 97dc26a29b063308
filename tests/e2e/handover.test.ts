import { join, relative } from "node:path";
import { startPostgres } from "../../launch/servers/embedded-postgres.ts";
import { EngineLog } from "../../services/analytics/ownership/engine-log.ts";
import { KafkaDriver } from "../../streams/kafka/kafka.driver.ts";
import { topics, topicSpecs } from "../../streams/messages/topics.ts";
import { argumentsOf } from "../kubernetes/agreement/image.rules.ts";
import { containersOf, workloadsOf, type ClusterObject } from "../kubernetes/cluster-objects.ts";
import { buildWithinMs } from "../kubernetes/kustomize-program.ts";
import { environmentOf } from "../kubernetes/node-environment.ts";
import { renderWith } from "../kubernetes/optional/render-with.ts";
import { describeWith } from "../support/describe-with.ts";
import { OrdersTopic } from "../support/flink/orders-topic.ts";
import { testKafka, type TestKafka } from "../support/servers/kafka.ts";
import { run } from "../support/servers/processes.ts";
import { temporaryFolder } from "../support/servers/temporary-folder.ts";

/** Handovers as processes with the settings of k8s/overlays/dev and windows-by-flink; only addresses are replaced. */
describeWith("kustomize", "java")("the jobs of the component windows-by-flink", () => {
	let objects: ClusterObject[];
	let kafka: TestKafka;
	/** Its own, because the migration changes passwords of roles. */
	let postgres: Awaited<ReturnType<typeof startPostgres>>;
	let driver: KafkaDriver;

	beforeAll(async () => {
		objects = renderWith("overlays/dev", ["windows-by-flink"]);
		kafka = await testKafka();
		driver = new KafkaDriver({ brokers: [kafka.brokers] });
		postgres = await startPostgres({
			directory: join(temporaryFolder(), "postgres"),
			connections: 40,
			progress: () => undefined,
			onCrash: reason => console.error(reason)
		});
		expect(await runPod("Job", "migrate")).toMatchObject({ code: 0 });
		await driver.createTopics(topicSpecs({ partitions: 1, retentionMs: 3_600_000 }));
	}, buildWithinMs);

	afterAll(async () => {
		await driver?.close();
		await kafka?.stop();
		await postgres?.stop();
	}, 60_000);

	/** The owner is that of the server; roles have the passwords of the overlay. */
	function here([name, value]: [string, string]): [string, string] {
		if (name === "KAFKA_BROKERS") return [name, value.replace("kafka:9092", kafka.brokers)];
		if (!name.endsWith("DATABASE_URL")) return [name, value];
		const [wanted, url] = [new URL(value), new URL(postgres.url)];
		if (wanted.username !== "shop")
			[url.username, url.password] = [wanted.username, wanted.password];
		return [name, url.toString()];
	}

	function runPod(kind: string, name: string) {
		const pod = workloadsOf(objects).find(one => one.kind === kind && one.metadata.name === name)!;
		const [container] = containersOf(pod);
		const [script, ...args] = argumentsOf(container!);
		const settings = Object.entries(environmentOf(objects, container!)).map(here);
		// No engine runs here that has to stop first.
		const wait = kind === "CronJob" ? ["--wait", "0"] : [];
		return run(relative("cli", script!), [...args, ...wait], Object.fromEntries(settings));
	}

	const ownership = async () => {
		const log = new EngineLog(driver);
		try {
			return await log.read();
		} finally {
			await log.close();
		}
	};

	it.each(["flink", "builtin"] as const)(
		"hand the windows over: to %s",
		async engine => {
			const { code, output } = await runPod("CronJob", `windows-to-${engine}`);
			expect({ code, output }).toEqual({
				code: 0,
				output: expect.stringMatching(
					new RegExp(`^Windows are published by the engine ${engine}\\.$`, "m")
				)
			});
			expect(await ownership()).toEqual({ owner: engine });
		},
		120_000
	);

	it.each([
		["its oldest order is of today", 1],
		["it has no more orders, and the topic keeps them for an hour, whatever the settings say", 2]
	])(
		"leave the windows where they are when a partition has lost orders: %s",
		async (_, lost) => {
			const orders = new OrdersTopic(kafka.brokers);
			if (lost === 1) {
				const messages = ["1", "2"].map(value => ({ key: "k", value }));
				await driver.publish(topics.orders, messages);
			}
			await orders.deleteBefore(lost);
			await orders.close();
			const { code, output } = await runPod("CronJob", "windows-to-flink");
			const sentence = "The topic orders may have lost events of the last 25 h (partition 0)";
			expect([code, output]).toEqual([78, expect.stringContaining(sentence)]);
			expect(await ownership()).toEqual({ owner: "builtin" });
		},
		60_000
	);
});
