import type { SQSEvent, SQSRecord } from "aws-lambda";
import { keylessMessage } from "./keyless-message.ts";
import type { SourceBatch, SourceRecord } from "./source-batch.ts";

function recordOf({ messageId, body, attributes, eventSourceARN }: SQSRecord): SourceRecord {
	const at = new Date(Number(attributes.SentTimestamp));
	return { id: messageId, message: keylessMessage(body, at, eventSourceARN) };
}

/** Messages of a queue. */
export function sqsBatch({ Records }: SQSEvent): SourceBatch {
	const records = Records.map(recordOf);
	return {
		source: "sqs",
		records,
		isRepeated: (record, failed) => failed.has(record),
		respond: failed => ({
			batchItemFailures: records
				.filter(record => failed.has(record))
				.map(({ id: itemIdentifier }) => ({ itemIdentifier }))
		})
	};
}
