import { recordsSpans, startSpan } from "../../lib/tracing/spans.ts";

interface Handled {
	id: string;
	type?: string;
	/** Of the request that caused it. */
	traceparent?: string | undefined;
}

interface Handling {
	topic: string;
	partition: number;
	group: string;
	/** When it began, by `Date.now()`. */
	startMs: number;
}

/**
 * Records, for each event whose trace is sampled, that a consumer has just applied it, by the conventions for messaging
 * (https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/). Events of one batch take the same time.
 */
export function recordHandling(
	events: readonly Handled[],
	{ topic, partition, group, startMs }: Handling
): void {
	// Of thousands of events none is looked at in vain.
	if (!recordsSpans()) return;
	const attributes = {
		"messaging.operation.type": "process",
		"messaging.destination.name": topic,
		"messaging.destination.partition.id": String(partition),
		"messaging.consumer.group.name": group,
		"messaging.batch.message_count": events.length
	};
	for (const { id, type, traceparent } of events) {
		const about = { name: `process ${topic}`, kind: "consumer", startMs } as const;
		const own = { ...attributes, "messaging.message.id": id, "cloudevents.event_type": type };
		startSpan({ ...about, attributes: own }, traceparent)?.end();
	}
}
