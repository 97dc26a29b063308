import { exitCodes, LaunchError } from "../../launch/process/launch-error.ts";
import { maxClockSkewMs } from "../../streams/clock-skew.ts";
import { NoSuchTopic, type Driver } from "../../streams/driver.ts";
import { topics } from "../../streams/messages/topics.ts";

/** A day, in which windows change, and an hour for the start of the job: that of OrdersLog.java. */
const neededMs = 25 * 3_600_000;

const refusal = (reason: string) =>
	new LaunchError(
		`${reason}, so the Flink job could not start: the windows were not handed over. If nothing publishes them, npm run stream -- engine builtin lets the service.`,
		exitCodes.configuration
	);

/**
 * Whether the Flink job would find all orders of windows that can still change, as it has no checkpoint after a handover.
 * @param retentionMs how long the log keeps orders: those of a partition that is empty, and is not new, are older
 * @throws LaunchError
 */
export async function assertLogSuffices(
	driver: Driver,
	retentionMs: number,
	now = Date.now()
): Promise<void> {
	const extents = await driver.extents(topics.orders).catch(error => {
		throw error instanceof NoSuchTopic
			? refusal("There is no topic orders: nodes of analytics make it when they start")
			: error;
	});
	const from = now - neededMs - maxClockSkewMs;
	const younger = await driver.offsetsAt(topics.orders, new Date(from + 1));
	const lost = extents.filter(({ partition, first, next }) => {
		if (first === 0n) return false;
		return first === next ? now - retentionMs > from : younger.get(partition) === first;
	});
	if (lost.length === 0) return;
	throw refusal(
		`The topic orders has lost events of the last 25 h (partition ${lost.map(({ partition }) => partition).join(", ")})`
	);
}
