import type { Message } from "../../streams/driver.ts";

interface Envelope {
	partitionkey?: unknown;
	/** Of an event of the shop, and of EventBridge. */
	source?: unknown;
	/** Of SNS: the text that was published. */
	Type?: unknown;
	Message?: unknown;
	TopicArn?: unknown;
	/** Of EventBridge: the event that was put. */
	"detail-type"?: unknown;
	detail?: unknown;
}

function parsed(text: string): Envelope | undefined {
	try {
		const value: unknown = JSON.parse(text);
		return typeof value === "object" && value !== null ? value : undefined;
	} catch {
		return undefined;
	}
}

/** The event itself: SNS and EventBridge put another object around it on its way to a queue. */
function unwrapped(text: string): string {
	const envelope = parsed(text);
	const { Type, Message, TopicArn, detail } = envelope ?? {};
	if (Type === "Notification" && typeof TopicArn === "string" && typeof Message === "string")
		return unwrapped(Message);
	if (envelope && "detail-type" in envelope && typeof detail === "object")
		return JSON.stringify(detail);
	return text;
}

/** A message of a source without keys: its key is the one that the event names. @param from for dead letters */
export function keylessMessage(body: string, at: Date, from: string): Message {
	const text = unwrapped(body);
	const key = parsed(text)?.partitionkey;
	return {
		topic: from,
		partition: 0,
		offset: 0n,
		key: typeof key === "string" ? key : null,
		value: Buffer.from(text),
		headers: {},
		at
	};
}
