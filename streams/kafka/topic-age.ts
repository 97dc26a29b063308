import { type KafkaOptions, topicSettings } from "./kafka.driver.ts";

/**
 * After how many ms Kafka deletes a message of the topic, by the topic's own settings, which may have been changed since it was
 * made. 0 where it deletes by size or key too, so that a message of any age may be lost. Infinity where it deletes none.
 * OrdersLog.java has the same rule.
 * @throws Error where no broker answers, or the user may not see the settings
 */
export const messagesKeptMs = async (options: KafkaOptions, topic: string): Promise<number> =>
	keptMs(await topicSettings(options, topic));

/** @param settings of a topic, by the names that Kafka gives them */
export function keptMs(settings: ReadonlyMap<string, string>): number {
	const isByAge =
		settings.get("cleanup.policy") === "delete" && Number(settings.get("retention.bytes")) < 0;
	if (!isByAge) return 0;
	const ms = Number(settings.get("retention.ms"));
	return ms < 0 ? Infinity : ms;
}
