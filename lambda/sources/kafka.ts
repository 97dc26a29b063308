import type { MSKEvent, MSKRecord } from "aws-lambda";
import type { KafkaPlace, SourceBatch, SourceRecord } from "./source-batch.ts";

const textOf = (base64: string) => Buffer.from(base64, "base64").toString();

/** Each header is an object with one name, and its value as an array of bytes. */
const headersOf = ({ headers = [] }: MSKRecord) =>
	Object.fromEntries(
		headers.flatMap(header =>
			Object.entries(header).map(([name, bytes]) => [name, Buffer.from(bytes).toString()])
		)
	);

function recordOf(record: MSKRecord): SourceRecord {
	const { topic, partition, offset, timestamp, key, value } = record;
	return {
		id: { partition: `${topic}-${partition}`, offset },
		message: {
			topic,
			partition,
			offset: BigInt(offset),
			// Lambda leaves out the key and the value that a record does not have.
			key: key ? textOf(key) : null,
			value: Buffer.from(value ?? "", "base64"),
			headers: headersOf(record),
			at: new Date(timestamp)
		}
	};
}

/**
 * Kafka goes on at the first offset that failed, so that of each partition only this one is named: all that follow it are
 * delivered again.
 */
function firstFailures(records: readonly SourceRecord[], failed: ReadonlySet<SourceRecord>) {
	const first = new Map<string, KafkaPlace>();
	for (const record of records) {
		const place = record.id as KafkaPlace;
		const known = first.get(place.partition);
		if (failed.has(record) && !(known && known.offset <= place.offset))
			first.set(place.partition, place);
	}
	return [...first.values()].map(itemIdentifier => ({ itemIdentifier }));
}

/** Records of MSK or of another Kafka. */
export function kafkaBatch({ records: byPartition }: Pick<MSKEvent, "records">): SourceBatch {
	const records = Object.values(byPartition).flat().map(recordOf);
	return {
		source: "kafka",
		records,
		respond: failed => ({ batchItemFailures: firstFailures(records, failed) })
	};
}
