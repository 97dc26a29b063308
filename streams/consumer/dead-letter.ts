import { shownOfDeadLetter } from "../../contracts/streams.ts";
import { cutText } from "../../lib/text/cut-text.ts";
import type { Message, Outgoing } from "../driver.ts";
import type { Reason } from "../messages/event-reader.ts";

/** A message that could not be read or handled, with the reason. consumer.ts decides when. */
export interface DeadLetter extends Omit<Message, "at"> {
	reason: Reason;
	detail: string;
	attempts: number;
}

/**
 * Messages of a parser quote their input, which may be long or cut within a character; Postgres' text and JSON can
 * contain neither NUL nor half a character.
 */
export function toDeadLetter(
	message: Message,
	reason: Reason,
	detail: string,
	attempts: number
): DeadLetter {
	const { topic, partition, offset, key, value, headers } = message;
	const words = cutText(detail, shownOfDeadLetter.detail).replaceAll("\0", "\ufffd").toWellFormed();
	return { topic, partition, offset, key, value, headers, reason, detail: words, attempts };
}

/**
 * A partition waits until its dead letter is published, so that must always be possible, and soon: kafkajs takes the square
 * of a key's length to choose its partition (1 KiB 5 ms, 200 KB 9.5 s). All parts together fit into a
 * message of a Kafka topic with default settings (1,048,588 bytes), and the key into an index of the log in Postgres
 * (2704 bytes with the topic).
 */
const [maxKeyBytes, maxValueBytes, maxHeaderBytes] = [1024, 768 * 1024, 64 * 1024];

/**
 * The dead letter as a message of the DLQ topic: the original message, with the reason in headers. Parts
 * that are too large for a copy are omitted and named in a header; the table has all of it.
 */
export function toDlqMessage(deadLetter: DeadLetter, group: string): Outgoing {
	const { key, value, headers } = deadLetter;
	const omitted = tooLarge(deadLetter);
	return {
		key: omitted.includes("key") ? "" : (key ?? ""),
		value: omitted.includes("value") ? "" : value,
		headers: {
			...(omitted.includes("headers") ? {} : headers),
			...causeOf(deadLetter, group),
			...(omitted.length > 0 && {
				"dlq-left-out": omitted.join(),
				"dlq-bytes": String(value.length)
			})
		}
	};
}

function tooLarge({ key, value, headers }: DeadLetter): string[] {
	const headerTexts = Object.entries(headers).flat();
	const bytes = {
		key: [Buffer.byteLength(key ?? ""), maxKeyBytes],
		value: [value.length, maxValueBytes],
		headers: [headerTexts.reduce((sum, text) => sum + Buffer.byteLength(text), 0), maxHeaderBytes]
	} as const;
	return Object.entries(bytes).flatMap(([part, [size, limit]]) => (size > limit ? [part] : []));
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
