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
function firstFailures(failed: ReadonlySet<SourceRecord>): Map<string, KafkaPlace> {
	const first = new Map<string, KafkaPlace>();
	for (const { id } of failed) {
		const place = id as KafkaPlace;
		const known = first.get(place.partition);
		if (!known || place.offset < known.offset) first.set(place.partition, place);
	}
	return first;
}

/** Records of MSK or of another Kafka. */
export function kafkaBatch({ records: byPartition }: Pick<MSKEvent, "records">): SourceBatch {
	return {
		source: "kafka",
		records: Object.values(byPartition).flat().map(recordOf),
		isRepeated({ id }, failed) {
			const { partition, offset } = id as KafkaPlace;
			const first = firstFailures(failed).get(partition);
			return first !== undefined && first.offset <= offset;
		},
		respond: failed => ({
			batchItemFailures: [...firstFailures(failed).values()].map(itemIdentifier => ({
				itemIdentifier
			}))
		})
	};
}
