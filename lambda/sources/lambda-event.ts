import type { EventBridgeEvent, MSKEvent, SQSEvent } from "aws-lambda";
import { eventBridgeBatch } from "./eventbridge.ts";
import { kafkaBatch } from "./kafka.ts";
import type { SourceBatch } from "./source-batch.ts";
import { sqsBatch } from "./sqs.ts";

const has = (event: object, name: string) => name in event;

/** The records of an event that Lambda invokes the function with. @throws Error for one of another source */
export function batchOf(event: unknown): SourceBatch {
	if (typeof event === "object" && event !== null) {
		// "aws:kafka" of MSK, "SelfManagedKafka" of others.
		if (has(event, "records") && has(event, "eventSource")) return kafkaBatch(event as MSKEvent);
		const { Records } = event as Partial<SQSEvent>;
		if (Array.isArray(Records) && Records.every(({ eventSource }) => eventSource === "aws:sqs"))
			return sqsBatch({ Records });
		if (has(event, "detail-type") && has(event, "source"))
			return eventBridgeBatch(event as EventBridgeEvent<string, unknown>);
	}
	throw new Error("The event is not one of Kafka, SQS or EventBridge");
}
