import type { Message, Outgoing } from "../driver.ts";
import type { Reason } from "../messages/event-reader.ts";

/** A message that was put aside, with what was wrong. */
export interface Letter extends Omit<Message, "at"> {
	reason: Reason;
	detail: string;
	attempts: number;
}

/** Words of a parser repeat what it could not read; Postgres' text, and its JSON, have no NUL. */
export function letterOf(
	message: Message,
	reason: Reason,
	detail: string,
	attempts: number
): Letter {
	const { topic, partition, offset, key, value, headers } = message;
	const words = detail.replaceAll("\0", "\ufffd");
	return { topic, partition, offset, key, value, headers, reason, detail: words, attempts };
}

/** A log takes what is a little larger than an event may be; a copy with its cause must fit too. */
const [mostValueBytes, mostHeaderBytes] = [1024 * 1024, 64 * 1024];

/**
 * The letter as the topic of dead letters has it: the message as it came, and the cause in headers. What
 * is too large for a copy is left out there, and says so; the table has all of it.
 */
export function copyOf(letter: Letter, group: string): Outgoing {
	const { key, value, headers } = letter;
	const isLong = value.length > mostValueBytes;
	const words = Object.entries(headers).flat();
	const isWordy = words.reduce((sum, text) => sum + Buffer.byteLength(text), 0) > mostHeaderBytes;
	const left = [...(isLong ? ["value"] : []), ...(isWordy ? ["headers"] : [])];
	return {
		key: key ?? "",
		value: isLong ? "" : value,
		headers: {
			...(isWordy ? {} : headers),
			...causeOf(letter, group),
			...(left.length > 0 && { "dlq-left-out": left.join(), "dlq-bytes": String(value.length) })
		}
	};
}

function causeOf(letter: Letter, group: string): Record<string, string> {
	return {
		"dlq-group": group,
		"dlq-reason": letter.reason,
		"dlq-detail": letter.detail,
		"dlq-attempts": String(letter.attempts),
		"dlq-topic": letter.topic,
		"dlq-partition": String(letter.partition),
		"dlq-offset": String(letter.offset)
	};
}
