import type { Message, Outgoing } from "../driver.ts";
import type { Reason } from "../messages/event-reader.ts";

/** A message that was put aside, with what was wrong. */
export interface DeadLetter extends Omit<Message, "at"> {
	reason: Reason;
	detail: string;
	attempts: number;
}

/** Words of a parser repeat what it could not read; Postgres' text, and its JSON, have no NUL. */
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

/** A log takes what is a little larger than an event may be; a copy with its cause must fit too. */
const [maxValueBytes, maxHeaderBytes] = [1024 * 1024, 64 * 1024];

/**
 * The letter as the topic of dead letters has it: the message as it came, and the cause in headers. What
 * is too large for a copy is left out there, and says so; the table has all of it.
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
