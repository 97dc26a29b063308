import type { Window } from "../../../contracts/analytics.ts";
import { EngineLog } from "../../../services/analytics/ownership/engine-log.ts";
import { keyOf, toMessage } from "../../../services/analytics/windows/window-messages.ts";
import { KafkaDriver } from "../../../streams/kafka/kafka.driver.ts";
import { topics } from "../../../streams/messages/topics.ts";
import type { Message } from "../../../streams/driver.ts";
import { describeWith } from "../../support/describe-with.ts";
import { compileJob, FlinkJob } from "../../support/flink/flink-job.ts";
import { eventOf } from "../../support/flink/job-run.ts";
import { OrdersTopic } from "../../support/flink/orders-topic.ts";
import { kafkaWithinMs, testKafka, type TestKafka } from "../../support/servers/kafka.ts";
import { buildOrderEvent } from "../../support/streams/order-message.ts";
import { until } from "../../support/until.ts";

/** The Flink job becomes the publisher of windows that another engine has published before. */

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const now = Math.floor(Date.now() / minuteMs) * minuteMs;

/** What another engine has published of a window. */
type Known = Partial<Pick<Window, "orders" | "revision" | "final">>;

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

const startOf = (hoursAgo: number) => now - hoursAgo * hourMs;
const keyAt = (hoursAgo: number) => keyOf({ start: startOf(hoursAgo), currency: "USD" });

const messageOf = (hoursAgo: number, { orders = 1, revision = 1, final = false }: Known) => {
	const totals = { orders, revenue: 100 * orders, users: 1, average: 100, revision, final };
	const event = toMessage({ start: startOf(hoursAgo), currency: "USD", ...totals }, Date.now());
	return { key: event.partitionkey, value: JSON.stringify(event) };
};

/** As the log took it. @param delayMs after the start of its minute */
const saleOf = (hoursAgo: number, delayMs = 1000) => {
	const event = buildOrderEvent({ at: startOf(hoursAgo), total: 100 });
	const at = startOf(hoursAgo) + delayMs;
	return { at, key: event.partitionkey, value: JSON.stringify(event) };
};
const salesOf = (hoursAgo: number, count: number) =>
	Array.from({ length: count }, () => saleOf(hoursAgo));

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

	beforeAll(async () => {
		[kafka, classPath] = await Promise.all([testKafka(), compileJob()]);
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

	it("ends when the job is started once more, and the newer run goes on", async () => {
		const other = new FlinkJob({ classPath, brokers: kafka.brokers });
		other.start();
		try {
			await until(() => other.countCheckpoints() > 0 || !other.isRunning, 60_000);
			const once = saleOf(41, 30 * hourMs);
			await topic.feed([once, saleOf(2)]);
			expect(await job.ended()).toBe(78);
			expect(job.output()).toContain("The job was started again: this run ends");
			await until(() => isPublished(2), 60_000);
			expect(late.filter(({ value }) => String(value) === once.value)).toHaveLength(1);
			expect(other.isRunning).toBe(true);
		} finally {
			await other.kill();
		}
	}, 150_000);
});

describeWith("java", "javac")("the Flink job, where the log has lost events", () => {
	let kafka: TestKafka;
	let classPath: string;
	beforeAll(async () => {
		[kafka, classPath] = await Promise.all([testKafka(), compileJob()]);
	}, kafkaWithinMs);
	afterAll(() => kafka?.stop(), 60_000);

	it("publishes windows of which the log has everything, and is refused where others can change", async () => {
		const topic = new OrdersTopic(kafka.brokers);
		await topic.create(1);
		const windows = await topic.collect(topics.windows);
		const job = new FlinkJob({ classPath, brokers: kafka.brokers });
		try {
			await topic.feed([40, 30, 29, 1].map(hoursAgo => saleOf(hoursAgo)));
			await topic.deleteBefore(1);
			job.start();
			await until(() => windows.length >= 2 || !job.isRunning, 120_000);
			expect(windows.map(({ key }) => String(key)).sort()).toEqual([keyAt(29), keyAt(1)].sort());
			await job.kill();
			await topic.deleteBefore(3);
			const later = new FlinkJob({ classPath, brokers: kafka.brokers });
			later.start();
			expect(await later.ended()).toBe(78);
			expect(later.output()).toMatch(
				/The topic orders has lost events of .* those of the last 25 h\./
			);
		} finally {
			await job.kill();
			await topic.close();
		}
	}, 240_000);
});
