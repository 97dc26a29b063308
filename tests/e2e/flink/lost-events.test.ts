import type { Message } from "../../../streams/driver.ts";
import { topics } from "../../../streams/messages/topics.ts";
import { describeWith } from "../../support/describe-with.ts";
import { compileJob, type Edit, FlinkJob } from "../../support/flink/flink-job.ts";
import { eventOf } from "../../support/flink/job-run.ts";
import { OrdersTopic } from "../../support/flink/orders-topic.ts";
import { keyAt, messageOf, saleOf, salesOf } from "../../support/flink/recent-sales.ts";
import { kafkaWithinMs, testKafka, type TestKafka } from "../../support/servers/kafka.ts";
import { until } from "../../support/until.ts";

/** The Flink job where the topic `orders` has lost events. Each test goes on where the one before has ended. */
describeWith("java", "javac")("the Flink job, where the log has lost events", () => {
	let kafka: TestKafka;
	let topic: OrdersTopic;
	let job: FlinkJob;
	let other: FlinkJob;
	let windows: readonly Message[];
	const startWithinMs = 45_000;

	beforeAll(async () => {
		let classPath;
		[kafka, classPath] = await Promise.all([testKafka(), compileJob()]);
		topic = new OrdersTopic(kafka.brokers);
		// Instead of a minute.
		const edit: Edit = sql => sql.replace("'60 s'", "'2 s'");
		[job, other] = [0, 1].map(() => new FlinkJob({ classPath, brokers: kafka.brokers, edit })) as [
			FlinkJob,
			FlinkJob
		];
	}, kafkaWithinMs);
	afterAll(async () => {
		await job?.kill();
		await other?.kill();
		await topic?.close();
		await kafka?.stop();
	}, 60_000);

	/** The last message of the window. */
	const at = (hoursAgo: number) => {
		const last = windows.findLast(({ key }) => String(key) === keyAt(hoursAgo));
		return last && eventOf(last).data;
	};
	const untilPublished = (hoursAgo: number) =>
		until(() => at(hoursAgo) ?? !job.isRunning, startWithinMs);
	const expectRefusal = async (refused: FlinkJob, sentence: RegExp) => {
		expect(await refused.ended()).toBe(78);
		expect(refused.output().match(sentence)?.length).toBe(1);
	};

	it("is refused where there is no log", async () => {
		other.start();
		await expectRefusal(other, /There is no topic orders: nodes of analytics make it/);
	}, 60_000);

	it("publishes windows of which the log has everything, and makes others final as readers know them", async () => {
		await topic.create(1);
		windows = await topic.collect(topics.windows);
		// Of the window 30 h ago the log has more orders than readers know of, and has lost others.
		const known = [messageOf(40, { revision: 4 }), messageOf(30, { revision: 7 })];
		await topic.publish(topics.windows, known);
		await topic.feed([saleOf(40), ...salesOf(30, 3), saleOf(29), saleOf(1)]);
		await topic.deleteBefore(1);
		job.start();
		await until(() => windows.length >= 6 || !job.isRunning, startWithinMs);
		expect(at(40)).toMatchObject({ orders: 1, revision: 5, final: true });
		expect(at(30)).toMatchObject({ orders: 1, revision: 8, final: true });
		expect(at(29)).toMatchObject({ orders: 1, revision: 2, final: true });
		expect(at(1)).toMatchObject({ orders: 1, revision: 1, final: false });
	}, 150_000);

	it("is refused without a checkpoint where they can still change, and the run that is there goes on", async () => {
		await topic.deleteBefore(5);
		other.start();
		await expectRefusal(
			other,
			/Partition 0 of the topic orders has lost events, .* needs all of the last 25 h\. Start it after 20/
		);
		await topic.feed([saleOf(0.5)]);
		await untilPublished(0.5);
		expect(job.isRunning).toBe(true);
	}, 120_000);

	it("continues from a checkpoint where a partition was added", async () => {
		await job.kill();
		await topic.addPartitions(topics.orders, 2);
		await topic.feed([saleOf(28)], 1);
		job.start();
		await topic.feed([saleOf(0.4)], 0);
		await untilPublished(0.4);
		expect(job.isRunning).toBe(true);
	}, 120_000);

	it("does not wait for a partition without orders until a window is final", async () => {
		// By the watermark of the partition that was added, none after 28 h ago would be.
		await topic.feed([saleOf(27)], 0);
		await topic.feed([saleOf(0.4)], 0);
		await until(() => at(27)?.final || !job.isRunning, startWithinMs);
		expect(at(27)).toMatchObject({ orders: 1, final: true });
	}, 60_000);

	const unread =
		/has lost events that the job has not read: partition 0 was read up to offset \d+, and begins at (?!.*job has not read)/;

	it("ends where it has not read what the log has deleted", async () => {
		job.pause();
		const next = await topic.end();
		// The broker may send the first one to a request of before.
		for (const sale of [saleOf(0.2), saleOf(0.3), saleOf(0.3)]) await topic.feed([sale], 0);
		await topic.deleteBefore(next + 2);
		job.resume();
		await expectRefusal(job, unread);
	}, 120_000);

	it("does not continue from a checkpoint behind which the log has lost events", async () => {
		const before = job.output().length;
		job.start();
		expect(await job.ended()).toBe(78);
		expect(job.output().slice(before)).toMatch(unread);
		expect(job.output()).toContain("hand the windows over with npm run stream -- engine builtin");
		expect(at(0.3)).toBeUndefined();
	}, 60_000);

	it("does not continue where the topic was deleted and made again", async () => {
		await topic.remove(topics.orders);
		await topic.make(topics.orders, 2);
		// More than before, so that the offsets do not show it.
		await topic.addPartitions(topics.orders, 3);
		await topic.feed(salesOf(0.1, 40), 0);
		job.start();
		await expectRefusal(job, /The topic orders was deleted and made again.*its id in Kafka/s);
	}, 60_000);
});
