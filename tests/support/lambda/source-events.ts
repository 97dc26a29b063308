import { randomUUID } from "node:crypto";
import type { Outgoing } from "../../../streams/driver.ts";

/** Messages as the sources of AWS deliver them (docs.aws.amazon.com/lambda/latest/dg: with-msk, with-sqs, and EventBridge). */

export type TopicMessage = Outgoing & { topic: string };

const base64 = (content: string | Buffer) => Buffer.from(content).toString("base64");

/** One batch of MSK. Offsets count from `firstOffset` on; all messages of a topic are in partition 0. */
export function mskEvent(messages: readonly TopicMessage[], firstOffset = 15) {
	const records: Record<string, object[]> = {};
	for (const [index, { topic, key, value, headers = {} }] of messages.entries())
		(records[`${topic}-0`] ??= []).push({
			topic,
			partition: 0,
			offset: firstOffset + index,
			timestamp: Date.now(),
			timestampType: "CREATE_TIME",
			key: base64(key),
			value: base64(value),
			headers: Object.entries(headers).map(([name, text]) => ({ [name]: [...Buffer.from(text)] }))
		});
	return {
		eventSource: "aws:kafka",
		eventSourceArn:
			"arn:aws:kafka:eu-central-1:123456789012:cluster/shop/751d2973-a626-431c-9d4e-d7975eb44dd7-2",
		bootstrapServers:
			"b-2.shop.a1b2c3.c3.kafka.eu-central-1.amazonaws.com:9096,b-1.shop.a1b2c3.c3.kafka.eu-central-1.amazonaws.com:9096",
		records
	};
}

/** One batch of a queue. */
export function sqsEvent(bodies: readonly string[]) {
	return {
		Records: bodies.map(body => ({
			messageId: randomUUID(),
			receiptHandle: "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
			body,
			attributes: {
				ApproximateReceiveCount: "1",
				SentTimestamp: String(Date.now()),
				SenderId: "AIDAIENQZJOLO23YVJ4VO",
				ApproximateFirstReceiveTimestamp: String(Date.now())
			},
			messageAttributes: {},
			md5OfBody: "e4e68fb7bd0e697a0ae8f1bb342846b3",
			eventSource: "aws:sqs",
			eventSourceARN: "arn:aws:sqs:eu-central-1:123456789012:notification",
			awsRegion: "eu-central-1"
		}))
	};
}

/** One event of a bus. */
export function busEvent(detail: unknown, detailType = "order.confirmed") {
	return {
		version: "0",
		id: randomUUID(),
		"detail-type": detailType,
		source: "moleculer-commerce",
		account: "123456789012",
		time: new Date().toISOString().replace(/\.\d+/, ""),
		region: "eu-central-1",
		resources: [],
		detail
	};
}

/** What a rule with a schedule delivers. */
export const scheduleEvent = () => ({
	...busEvent({}, "Scheduled Event"),
	source: "aws.events",
	resources: ["arn:aws:events:eu-central-1:123456789012:rule/notification-due"]
});
