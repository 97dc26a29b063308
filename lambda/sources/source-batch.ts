import type { Message } from "../../streams/driver.ts";

/** A message as a source of events delivers it. */
export interface SourceRecord {
	readonly message: Message;
	/** By which the source knows it: a place in a partition, or an id in a queue. */
	readonly id: KafkaPlace | string;
}

/**
 * A place in Kafka, as a partial batch response names it: the partition with its topic, e.g. `orders-3`.
 * https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html
 */
export interface KafkaPlace {
	readonly partition: string;
	readonly offset: number;
}

/** What the function returns: the source delivers these again, and takes all others as done. */
export interface BatchResponse {
	batchItemFailures: { itemIdentifier: SourceRecord["id"] }[];
}

/** What one invocation delivers. */
export interface SourceBatch {
	readonly source: "kafka" | "sqs" | "eventbridge" | "schedule";
	/** Those of one partition are in order. */
	readonly records: readonly SourceRecord[];
	/** Whether the source delivers this one again because of those that failed. */
	isRepeated(record: SourceRecord, failed: ReadonlySet<SourceRecord>): boolean;
	/** @throws Error when the source has no partial responses, and delivers all of it again */
	respond(failed: ReadonlySet<SourceRecord>): BatchResponse;
}
