import type { Message, Outgoing } from "../driver.ts";
import type { Reason } from "../messages/event-reader.ts";

/** A message that could not be read or handled, with the reason. consumer.ts decides when. */
export interface DeadLetter extends Omit<Message, "at"> {
	reason: Reason;
	detail: string;
	attempts: number;
}

/** Messages of a parser quote their input; Postgres' text and JSON cannot contain NUL. */
export function toDeadLetter(
	message: Message,
	reason: Reason,
	detail: string,
	attempts: number
): DeadLetter {
	const { topic, partition, offset, key, value, headers } = message;
	const words = detail.replaceAll("\0", "\ufffd");
	return { topic, partition, offset, key, value, headers, reason, detail: words, attempts };
}

/** A log accepts slightly more than an event may have; a copy with its reason must fit too. */
const [maxValueBytes, maxHeaderBytes] = [1024 * 1024, 64 * 1024];

/**
 * The dead letter as a message of the DLQ topic: the original message, with the reason in headers. Parts
 * that are too large for a copy are omitted and named in a header; the table has all of it.
 */
export function toDlqMessage(deadLetter: DeadLetter, group: string): Outgoing {
	const { key, value, headers } = deadLetter;
	const isLong = value.length > maxValueBytes;
	const headerTexts = Object.entries(headers).flat();
	const areHeadersLong =
		headerTexts.reduce((sum, text) => sum + Buffer.byteLength(text), 0) > maxHeaderBytes;
	const omitted = [...(isLong ? ["value"] : []), ...(areHeadersLong ? ["headers"] : [])];
	return {
		key: key ?? "",
		value: isLong ? "" : value,
		headers: {
			...(areHeadersLong ? {} : headers),
			...causeOf(deadLetter, group),
			...(omitted.length > 0 && {
				"dlq-left-out": omitted.join(),
				"dlq-bytes": String(value.length)
			})
		}
	};
}

function causeOf(deadLetter: DeadLetter, group: string): Record<string, string> {
	return {
		"dlq-group": group,
		"dlq-reason": deadLetter.reason,
		"dlq-detail": deadLetter.detail,
		"dlq-attempts": String(deadLetter.attempts),
		"dlq-topic": deadLetter.topic,
		"dlq-partition": String(deadLetter.partition),
		"dlq-offset": String(deadLetter.offset)
	};
}
