import {
	cpSync,
	existsSync,
	globSync,
	mkdirSync,
	statSync,
	truncateSync,
	utimesSync,
	writeFileSync
} from "node:fs";
import { dirname, join } from "node:path";
import { EngineLog, engineTopic } from "../../../services/analytics/ownership/engine-log.ts";
import { KafkaDriver } from "../../../streams/kafka/kafka.driver.ts";
import { topics } from "../../../streams/messages/topics.ts";
import type { Message } from "../../../streams/driver.ts";
import { describeWith } from "../../support/describe-with.ts";
import {
	compileJobClasses,
	type Edit,
	FlinkJob,
	runJobClasses
} from "../../support/flink/flink-job.ts";
import { eventOf } from "../../support/flink/job-run.ts";
import { OrdersTopic } from "../../support/flink/orders-topic.ts";
import {
	hourMs,
	keyAt,
	messageOf,
	saleOf,
	salesOf,
	type Known
} from "../../support/flink/recent-sales.ts";
import { testKafka, type TestKafka } from "../../support/servers/kafka.ts";
import { temporaryFolder } from "../../support/servers/temporary-folder.ts";
import { until } from "../../support/until.ts";

/** The Flink job becomes the publisher of windows that another engine has published before. */

interface Row {
	what: string;
	hoursAgo: number;
	/** In the log before and after the job is killed. */
	sold: readonly [before: number, after: number];
	known?: Known;
	/** The last message of the job; undefined if there is none. */
	wanted?: Known;
}

const rows: Row[] = [
	{ what: "was final", hoursAgo: 36, sold: [2, 0], known: { orders: 1, revision: 5, final: true } },
	{
		what: "ended more than a day ago and was not final",
		hoursAgo: 35,
		sold: [1, 0],
		known: { orders: 1, revision: 3 },
		wanted: { orders: 1, revision: 5, final: true }
	},
	{
		what: "was not final, and has more orders in the log",
		hoursAgo: 34,
		sold: [2, 0],
		known: { orders: 1, revision: 2 },
		wanted: { orders: 2, revision: 5, final: true }
	},
	{
		what: "was not final, and has lost its orders",
		hoursAgo: 33,
		sold: [0, 0],
		known: { orders: 7, revision: 4 },
		wanted: { orders: 7, revision: 5, final: true }
	},
	{
		what: "was not final, and has lost some of its orders",
		hoursAgo: 32,
		sold: [1, 0],
		known: { orders: 5, revision: 2 },
		wanted: { orders: 5, revision: 4, final: true }
	},
	{
		what: "was not published",
		hoursAgo: 31,
		sold: [1, 0],
		wanted: { orders: 1, revision: 2, final: true }
	},
	{ what: "can change and did not", hoursAgo: 9, sold: [2, 0], known: { orders: 2, revision: 9 } },
	{
		what: "is first seen after the job was killed",
		hoursAgo: 4,
		sold: [0, 3],
		known: { orders: 1, revision: 8 },
		wanted: { orders: 3, revision: 11, final: false }
	},
	{
		what: "is first seen after the job was killed, and did not change",
		hoursAgo: 3,
		sold: [0, 1],
		known: { orders: 1, revision: 8 }
	}
];

describeWith("java", "javac")("the Flink job, after another engine", () => {
	let kafka: TestKafka;
	let topic: OrdersTopic;
	let job: FlinkJob;
	let windows: readonly Message[];
	let late: readonly Message[];
	let classPath: string;
	const lateSale = saleOf(40, 30 * hourMs);

	const ofJob = (hoursAgo: number) =>
		windows
			.slice(rows.filter(({ known }) => known).length)
			.filter(({ key }) => String(key) === keyAt(hoursAgo));
	const isPublished = (hoursAgo: number) => ofJob(hoursAgo).length > 0;
	const ordersAt = (hoursAgo: number) => eventOf(ofJob(hoursAgo).at(-1)!).data.orders;

	beforeAll(async () => {
		[kafka, classPath] = await Promise.all([testKafka(), compileJobClasses()]);
		topic = new OrdersTopic(kafka.brokers);
		await topic.create(1);
		await topic.publish(
			topics.windows,
			rows.flatMap(({ hoursAgo, known }) => (known ? [messageOf(hoursAgo, known)] : []))
		);
		const driver = new KafkaDriver({ brokers: [kafka.brokers] });
		const log = new EngineLog(driver);
		await log.append({ engine: "builtin", step: "claim" });
		await log.append({ engine: "flink", step: "release" });
		await log.append({ engine: "flink", step: "take" });
		await driver.close();
		windows = await topic.collect(topics.windows);
		late = await topic.collect(topics.late);
		job = new FlinkJob({ classPath, brokers: kafka.brokers });
		job.start();
		await topic.feed(rows.flatMap(({ hoursAgo, sold: [before] }) => salesOf(hoursAgo, before)));
		await topic.feed([lateSale, saleOf(6)]);
		await until(() => (isPublished(31) && isPublished(6)) || !job.isRunning, 120_000);
		await job.kill();
		job.start();
		await topic.feed(rows.flatMap(({ hoursAgo, sold: [, after] }) => salesOf(hoursAgo, after)));
		await topic.feed([saleOf(1)]);
		await until(() => isPublished(1) || !job.isRunning, 120_000);
	}, 420_000);

	afterAll(async () => {
		await job?.kill();
		await topic?.close();
		await kafka?.stop();
	}, 60_000);

	it("continues from a checkpoint after a kill, and runs", () => {
		expect(job.output()).toMatch(/^begins without[^]*^continues from .*chk-\d+$/m);
		expect(job.isRunning).toBe(true);
	});

	it.each(rows)("publishes what is new of a window that $what", ({ hoursAgo, known, wanted }) => {
		const published = ofJob(hoursAgo).map(message => eventOf(message).data);
		if (!wanted) return expect(published).toEqual([]);
		expect(published.at(-1)).toMatchObject({ ...wanted, revenue: 100 * wanted.orders! });
		const revisions = published.map(({ revision }) => revision);
		expect(revisions.toSorted((a, b) => a - b)).toEqual(revisions);
		expect(revisions[0]).toBeGreaterThan(known?.revision ?? 0);
		// Fewer orders than readers know of would be a fall of what the shop has sold.
		for (const { orders } of published) expect(orders).toBeGreaterThanOrEqual(known?.orders ?? 0);
	});

	it("publishes a late event as it came", () => {
		expect([...new Set(late.map(({ value }) => String(value)))]).toEqual([lateSale.value]);
	});

	it("continues from the checkpoint before, where the newest one is deleted meanwhile, and not where it is damaged", async () => {
		const folder = temporaryFolder();
		const newest = () => runJobClasses(classPath, ["checkpoints", folder]);
		expect(await newest()).toEqual(["none"]);
		const [kept] = globSync("*/*/chk-*/_metadata", { cwd: job.checkpoints });
		const from = join(job.checkpoints, dirname(kept!));
		for (const name of ["chk-5", "chk-9"])
			cpSync(from, join(folder, "run", name), { recursive: true });
		// One whose metadata is missing is not complete.
		mkdirSync(join(folder, "run/chk-10"));
		const metadata = join(folder, "run/chk-5/_metadata");
		utimesSync(metadata, 1, 1);
		expect(await newest()).toEqual([expect.stringMatching(/run\/chk-5$/)]);
		expect(existsSync(join(folder, "run/chk-9"))).toBe(false);
		for (const length of [statSync(metadata).size - 300, 20, 0]) {
			truncateSync(metadata, length);
			const [sentence] = await newest();
			expect(sentence).toMatch(/chk-5 cannot be read, as after .* with a new folder/);
		}
	}, 60_000);

	it("goes on where a start in its folder is refused, which leaves no record", async () => {
		const records = await topic.collect(engineTopic.name);
		const file = join(temporaryFolder(), "checkpoints");
		writeFileSync(file, "");
		const starts: [options: string[], sentence: string, edit?: Edit][] = [
			[
				["--state-backend", "rocksdb"],
				"is of the state backend hashmap, and --state-backend is rocksdb"
			],
			[[], "Flink cannot plan the job:", sql => sql.replace("GROUP BY", "GROUP WITH")],
			[[], "Flink cannot plan the job:", sql => sql.replace("'earliest-offset'", "'first-offset'")],
			[[], "is of another job.sql or version", sql => sql.replace("WHERE occurrence = 1", "")],
			[["--checkpoints", file], "The folder of checkpoints"]
		];
		// A claim, the two records of the handover, and one of each start.
		await until(() => records.length === 5, 30_000);
		for (const [options, sentence, edit] of starts) {
			const same = ["--checkpoints", job.checkpoints, ...options];
			const refused = new FlinkJob({
				classPath,
				brokers: kafka.brokers,
				arguments: same,
				...(edit && { edit })
			});
			refused.start();
			expect([await refused.ended(), refused.output()]).toEqual([
				78,
				expect.stringContaining(sentence)
			]);
		}
		expect(records).toHaveLength(5);
		expect(job.isRunning).toBe(true);
	}, 120_000);

	it("ends, though it has nothing to publish, when the job is started once more in its folder, and the newer run goes on", async () => {
		const same = ["--checkpoints", job.checkpoints];
		const other = new FlinkJob({ classPath, brokers: kafka.brokers, arguments: same });
		other.start();
		try {
			expect(await job.ended()).toBe(78);
			expect(job.output()).toContain("The job was started again: this run ends");
			await until(() => other.output().includes("continues from") || !other.isRunning, 60_000);
			const once = saleOf(41, 30 * hourMs);
			await topic.feed([once, saleOf(2), saleOf(6)]);
			await until(() => (isPublished(2) && ordersAt(6) === 2) || !other.isRunning, 60_000);
			expect(ordersAt(6)).toBe(2);
			expect(late.filter(({ value }) => String(value) === once.value)).toHaveLength(1);
			expect(other.isRunning).toBe(true);
			await topic.remove(engineTopic.name);
			expect(await other.ended()).toBe(78);
			expect(other.output()).toContain(
				'Do not start the job again; docs/operations.md says under "After the loss of a log" what to do.'
			);
		} finally {
			await other.kill();
		}
	}, 150_000);
});
