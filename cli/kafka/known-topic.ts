import { LaunchError } from "../../launch/process/launch-error.ts";

/** Kafka's own begin so. */
const isOwn = (topic: string) => !topic.startsWith("__");

/**
 * Kafka's console consumer waits for a topic that does not exist, with a warning for each try.
 * @throws LaunchError that lists those that the broker has
 */
export function assertKnownTopic(topic: string, all: readonly string[], where: string): void {
	if (all.includes(topic)) return;
	const known = all.filter(isOwn).sort();
	const others =
		known.length > 0
			? `it has ${known.join(", ")}.`
			: "it has none yet: a shop with its KAFKA_BROKERS creates them.";
	throw new LaunchError(`There is no topic ${topic} at ${where}: ${others}`);
}
