import type { EventBridgeEvent } from "aws-lambda";
import { keylessMessage } from "./keyless-message.ts";
import type { SourceBatch } from "./source-batch.ts";

const nothingFailed = { batchItemFailures: [] };

/** A schedule delivers no event: it has due messages sent. */
const isSchedule = ({ source, "detail-type": type }: EventBridgeEvent<string, unknown>) =>
	source === "aws.scheduler" || (source === "aws.events" && type === "Scheduled Event");

/** One event of a bus, in `detail`. */
export function eventBridgeBatch(event: EventBridgeEvent<string, unknown>): SourceBatch {
	const isRepeated: SourceBatch["isRepeated"] = (record, failed) => failed.has(record);
	if (isSchedule(event))
		return { source: "schedule", records: [], isRepeated, respond: () => nothingFailed };
	const { id, detail, time, source } = event;
	const at = new Date(time);
	const record = { id, message: keylessMessage(JSON.stringify(detail ?? null), at, source) };
	return {
		source: "eventbridge",
		records: [record],
		isRepeated,
		respond(failed) {
			// Without partial responses an error is what has the event delivered again.
			if (failed.size > 0) throw new Error(`The event ${id} of ${source} could not be handled`);
			return nothingFailed;
		}
	};
}
