import type { TopicSpec } from "../driver.ts";

/** The topics of this product, by what they carry. */
export const topics = {
	orders: "orders",
	windows: "analytics-results",
	late: "analytics-late",
	notifications: "notifications"
} as const;

export const dlqTopicOf = (topic: string) => `${topic}.dlq`;

const compacted: ReadonlySet<string> = new Set([topics.windows]);

/** Topics to create, plus a DLQ topic for each. */
export function topicSpecs({
	partitions,
	retentionMs
}: Pick<TopicSpec, "partitions" | "retentionMs">): TopicSpec[] {
	return Object.values(topics).flatMap((name): TopicSpec[] => [
		{ name, partitions, retentionMs, cleanup: compacted.has(name) ? "compact" : "delete" },
		{ name: dlqTopicOf(name), partitions: 1, retentionMs: 4 * retentionMs, cleanup: "delete" }
	]);
}
