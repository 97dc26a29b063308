import { SpanKind } from "@opentelemetry/api";
import {
	sampledTrace,
	useRecordedSpans
} from "../../tests/support/observability/recorded-spans.ts";
import { recordHandling } from "./handling-spans.ts";

const spans = useRecordedSpans();
const handling = { topic: "orders", partition: 3, group: "notification", startMs: Date.now() - 50 };

it("each event whose trace is sampled is a span", () => {
	const events = [
		{ id: "1", type: "order.placed", traceparent: sampledTrace },
		{ id: "2", traceparent: sampledTrace.replace(/1$/, "0") },
		{ id: "3" }
	];
	recordHandling(events, handling);
	const [span] = spans();
	expect(spans()).toHaveLength(1);
	expect(span).toMatchObject({
		name: "process orders",
		kind: SpanKind.CONSUMER,
		parentSpanContext: { spanId: "00f067aa0ba902b7" }
	});
	expect(span!.attributes).toEqual({
		"messaging.operation.type": "process",
		"messaging.destination.name": "orders",
		"messaging.destination.partition.id": "3",
		"messaging.consumer.group.name": "notification",
		"messaging.batch.message_count": 3,
		"messaging.message.id": "1",
		"cloudevents.event_type": "order.placed"
	});
	const [seconds, nanoseconds] = span!.duration;
	expect(seconds * 1000 + nanoseconds / 1e6).toBeGreaterThanOrEqual(50);
});
