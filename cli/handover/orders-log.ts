import { exitCodes, LaunchError } from "../../launch/process/launch-error.ts";
import { maxClockSkewMs } from "../../streams/clock-skew.ts";
import { NoSuchTopic, type Driver, type Extent } from "../../streams/driver.ts";
import { topics } from "../../streams/messages/topics.ts";

/** A day, in which windows change, and an hour for the start of the job: that of OrdersLog.java. */
const neededMs = 25 * 3_600_000;

const refusal = (reason: string) =>
	new LaunchError(
		`${reason}, so the Flink job could not start, and the windows were not handed over. If nothing publishes them, npm run stream -- engine builtin lets the service.`,
		exitCodes.configuration
	);

export interface OrdersLog {
	driver: Driver;
	/** How long the topic keeps orders: those that a partition without messages has lost are older. */
	keptMs(): Promise<number>;
}

/**
 * Whether the Flink job would find all orders of windows that can still change, as it has no checkpoint after a handover. What a
 * partition has lost is older than its oldest message; its age says no more, because the topic may have kept messages for less
 * time before. The job does the same (OrdersLog.java).
 * @throws LaunchError
 */
export async function assertLogSuffices(log: OrdersLog, now = Date.now()): Promise<void> {
	const { driver } = log;
	const extents = await driver.extents(topics.orders).catch(error => {
		throw error instanceof NoSuchTopic
			? refusal("There is no topic orders: nodes of analytics make it when they start")
			: error;
	});
	const from = now - neededMs - maxClockSkewMs;
	const shortened = extents.filter(({ first }) => first > 0n);
	const isEmpty = ({ first, next }: Extent) => first === next;
	// One that deletes none has been emptied by hand, at any time.
	const kept = shortened.some(isEmpty) ? await log.keptMs() : 0;
	const isTooShort = kept === Infinity || now - kept > from;
	const younger = await driver.offsetsAt(topics.orders, new Date(from + 1));
	const lost = shortened.filter(extent =>
		isEmpty(extent) ? isTooShort : younger.get(extent.partition) === extent.first
	);
	if (lost.length === 0) return;
	throw refusal(
		`The topic orders may have lost events of the last 25 h (partition ${lost.map(({ partition }) => partition).join(", ")}): what a partition has lost is known only to be older than its oldest message. Repeat this when that is older than 25 h; if the topic keeps messages for less, let it keep them for longer first`
	);
}
