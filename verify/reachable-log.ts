import type { Config } from "../config/index.ts";
import { unreachable } from "../launch/servers/kafka-reach.ts";
import { NoSuchTopic, type Driver } from "../streams/driver.ts";
import { topics } from "../streams/messages/topics.ts";

/**
 * Asks the Kafka of the settings, if they name one, for a topic, which it need not have.
 * @throws LaunchError when it does not answer
 */
export async function assertReachable(
	driver: Driver,
	{ kafka }: Pick<Config, "kafka">
): Promise<void> {
	if (!kafka) return;
	await driver.extents(topics.orders).catch((error: Error) => {
		if (error instanceof NoSuchTopic) return;
		throw unreachable(kafka.brokers.join(","), " (KAFKA_BROKERS)", error);
	});
}
