import { SendMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { answeredInTime } from "../services/notification/aws/client-options.ts";
import { toDeadLetter, toDlqMessage } from "../streams/consumer/dead-letter.ts";
import type { Unreadable } from "../streams/messages/event-reader.ts";
import type { Message } from "../streams/driver.ts";

/**
 * Most bytes of a value that go into the queue, which takes 1 MiB with all attributes; base64 adds a third. A longer one
 * stays in Kafka, where `dlq-partition` and `dlq-offset` find it.
 */
const maxValueBytes = 640 * 1024;

/** Characters that SQS does not take, as control characters that a parser quotes: they are replaced. */
const refused = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;
const acceptable = (text: string) => text.replaceAll(refused, "\uFFFD");

/** An attribute may not be empty, and there are ten at most. */
const attributesOf = (causes: Readonly<Record<string, string>>) =>
	Object.fromEntries(
		Object.entries(causes).map(([name, text]) => [
			name,
			{ DataType: "String", StringValue: acceptable(text) || "-" }
		])
	);

/** A queue of messages that are no valid events, as the DLQ topics are for nodes: `dlq-…` as attributes, the value as it was. */
export class DeadLetters {
	readonly #client: SQSClient;
	readonly #queueUrl: string;

	constructor(client: SQSClient, queueUrl: string) {
		this.#client = client;
		this.#queueUrl = queueUrl;
	}

	/** @throws Error of SQS: then the source has to deliver the message again */
	async put(message: Message, { reason, message: detail }: Unreadable): Promise<void> {
		const { headers = {} } = toDlqMessage(toDeadLetter(message, reason, detail, 1), "notification");
		const causes = Object.entries(headers).filter(([name]) => name.startsWith("dlq-"));
		const { key, value } = message;
		const isLong = value.length > maxValueBytes;
		const body = {
			key,
			value: isLong ? null : value.toString("base64"),
			bytes: value.length
		};
		const command = new SendMessageCommand({
			QueueUrl: this.#queueUrl,
			MessageBody: acceptable(JSON.stringify(body)),
			MessageAttributes: attributesOf(Object.fromEntries(causes))
		});
		await answeredInTime(options => this.#client.send(command, options));
	}

	close(): void {
		this.#client.destroy();
	}
}
