import type { WindowStreamEvent } from "../../../contracts/analytics.ts";
import { topics } from "../../../streams/messages/topics.ts";
import { testKafka } from "../servers/kafka.ts";
import { until } from "../until.ts";
import { expectedResults, type ExpectedResults } from "./expected-windows.ts";
import { FlinkJob, type Edit } from "./flink-job.ts";
import type { Message } from "../../../streams/driver.ts";
import { OrdersTopic } from "./orders-topic.ts";
import { readRecording } from "./recorded-orders.ts";

export const eventOf = ({ value }: Message) => JSON.parse(String(value)) as WindowStreamEvent;

export interface RunOptions {
	classPath: string;
	edit?: Edit;
	/** The recording is fed in three parts, and the job is killed after the first two. */
	kills?: boolean;
	arguments?: readonly string[];
	/** The first part is fed when there is a checkpoint, so that the job continues from one that knows less than the topic. */
	afterCheckpoint?: boolean;
	/** A pause between the parts. */
	pauseMs?: number;
}

export interface JobRun {
	/** In the order in which they were published. */
	windows: readonly Message[];
	late: readonly Message[];
	/** Of its starts; it is killed at the end. */
	output: string;
	/** It had ended by itself. */
	hasFailed: boolean;
	/** From the first start of the job to the last window. */
	tookMs: number;
}

/** The last message of each window, without what only the stream has. */
export function currentWindows(windows: readonly Message[]): ExpectedResults["windows"] {
	return Object.fromEntries(
		windows.map(message => {
			const { orders, revenue, unique_users, average_order_value } = eventOf(message).data;
			return [String(message.key), { orders, revenue, unique_users, average_order_value }];
		})
	);
}

export const lateIds = (late: readonly Message[]): string[] => [
	...new Set(late.map(message => eventOf(message).id.toLowerCase()).sort())
];

/** A job that has published everything is watched for so long: nothing may follow. */
const settledMs = 3000;
/** One that has not, as with a planted fault, is given up when it was silent for so long. */
const silentMs = 60_000;
const settlesWithinMs = 180_000;

type Published = Pick<JobRun, "windows" | "late">;

async function settle(job: FlinkJob, published: Published, wanted: ExpectedResults): Promise<void> {
	const { windows, late } = published;
	let [count, since] = [-1, performance.now()];
	const isComplete = () =>
		new Set(windows.map(({ key }) => key)).size >= Object.keys(wanted.windows).length &&
		lateIds(late).length >= wanted.late.length;
	await until(() => {
		if (windows.length !== count) [count, since] = [windows.length, performance.now()];
		const quietMs = performance.now() - since;
		const isSettled = quietMs > (isComplete() ? settledMs : silentMs) && count > 0;
		return !job.isRunning || isSettled;
	}, settlesWithinMs).catch(() => undefined);
}

/** Runs the job on the recording, over a broker of its own. */
export async function runJob(options: RunOptions): Promise<JobRun> {
	const { kills = false, pauseMs = 0, afterCheckpoint = false, ...given } = options;
	const kafka = await testKafka();
	const topic = new OrdersTopic(kafka.brokers);
	const job = new FlinkJob({ ...given, brokers: kafka.brokers });
	try {
		await topic.create();
		const [windows, late] = await Promise.all(
			[topics.windows, topics.late].map(name => topic.collect(name))
		);
		const recording = readRecording();
		const third = Math.ceil(recording.length / 3);
		const startedAt = performance.now();
		job.start();
		if (afterCheckpoint) await until(() => job.countCheckpoints() > 0, settlesWithinMs);
		for (let part = 0; part < 3; part++) {
			const published = windows!.length;
			await topic.feed(recording.slice(part * third, (part + 1) * third));
			await new Promise(resolve => setTimeout(resolve, pauseMs));
			if (!kills || part === 2) continue;
			// As soon as windows of this part are seen: others of it are on their way.
			await until(() => windows!.length > published || !job.isRunning, settlesWithinMs);
			await job.kill();
			job.start();
		}
		await settle(job, { windows: windows!, late: late! }, expectedResults(recording));
		return {
			windows: windows!,
			late: late!,
			output: job.output(),
			hasFailed: !job.isRunning,
			tookMs: performance.now() - startedAt - settledMs
		};
	} finally {
		await job.kill();
		await topic.close();
		await kafka.stop();
	}
}
