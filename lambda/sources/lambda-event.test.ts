import { batchOf } from "./lambda-event.ts";
import type { SourceBatch } from "./source-batch.ts";

/** Events as the developer guide of AWS Lambda shows them, with values of the shop. */

const event = { specversion: "1.0", partitionkey: "user-1", type: "order.confirmed" };
const text = JSON.stringify(event);
const base64 = Buffer.from(text).toString("base64");

const kafkaRecord = (partition: number, offset: number, more: object = {}) => ({
	topic: "orders",
	partition,
	offset,
	timestamp: 1545084650987,
	timestampType: "CREATE_TIME",
	key: "dXNlci0x",
	value: base64,
	headers: [{ ce_id: [97, 98] }, { from: [195, 169] }],
	...more
});
const kafka = (records: object, eventSource = "aws:kafka") => ({
	eventSource,
	bootstrapServers: "b-1.shop.kafka.eu-central-1.amazonaws.com:9096",
	records
});

const sqsRecord = (messageId: string, body: string) => ({
	messageId,
	receiptHandle: "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
	body,
	attributes: { ApproximateReceiveCount: "1", SentTimestamp: "1545084650987" },
	messageAttributes: {},
	md5OfBody: "e4e68fb7bd0e697a0ae8f1bb342846b3",
	eventSource: "aws:sqs",
	eventSourceARN: "arn:aws:sqs:eu-central-1:123456789012:events",
	awsRegion: "eu-central-1"
});
const bus = (more: object) => ({
	version: "0",
	id: "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
	"detail-type": "order.confirmed",
	source: "moleculer-commerce",
	account: "123456789012",
	time: "2018-12-17T22:10:50Z",
	region: "eu-central-1",
	resources: [],
	detail: event,
	...more
});

describe("records of Kafka", () => {
	it.each(["aws:kafka", "SelfManagedKafka"])("of %s have all that a consumer gets", source => {
		const { records } = batchOf(kafka({ "orders-3": [kafkaRecord(3, 15)] }, source));
		expect(records).toEqual([
			{
				id: { partition: "orders-3", offset: 15 },
				message: {
					topic: "orders",
					partition: 3,
					offset: 15n,
					key: "user-1",
					value: Buffer.from(text),
					headers: { ce_id: "ab", from: "é" },
					at: new Date(1545084650987)
				}
			}
		]);
	});

	it("may have neither key, value nor headers", () => {
		const bare = kafkaRecord(0, 1, { key: undefined, value: undefined, headers: undefined });
		const [record] = batchOf(kafka({ "orders-0": [bare] })).records;
		expect(record!.message).toMatchObject({ key: null, value: Buffer.from(""), headers: {} });
	});

	it("are delivered again from the first failure of each partition on", () => {
		const batch = batchOf(
			kafka({
				"orders-0": [kafkaRecord(0, 7), kafkaRecord(0, 8), kafkaRecord(0, 9)],
				"orders-1": [kafkaRecord(1, 3)],
				"orders-2": [kafkaRecord(2, 4), kafkaRecord(2, 5)]
			})
		);
		expect(failing(batch, 1, 2, 5)).toEqual([
			{ partition: "orders-0", offset: 8 },
			{ partition: "orders-2", offset: 5 }
		]);
		expect(failing(batch)).toEqual([]);
	});
});

/** What the source delivers again if these records fail. */
function failing(batch: SourceBatch, ...indexes: number[]) {
	const failed = new Set(indexes.map(index => batch.records[index]!));
	return batch.respond(failed).batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
}

describe("messages of a queue", () => {
	it.each<[what: string, body: string]>([
		["as they were sent", text],
		[
			"of a topic of SNS",
			JSON.stringify({ Type: "Notification", TopicArn: "arn:aws:sns:::t", Message: text })
		],
		["of a bus", JSON.stringify(bus({}))],
		[
			"of a bus by a topic",
			JSON.stringify({
				Type: "Notification",
				TopicArn: "arn:aws:sns:::t",
				Message: JSON.stringify(bus({}))
			})
		]
	])("are events: %s", (_, body) => {
		const [record] = batchOf({ Records: [sqsRecord("m-1", body)] }).records;
		expect(record!.id).toBe("m-1");
		const { key, value, at, topic } = record!.message;
		expect([key, value.toString(), at.getTime(), topic]).toEqual([
			"user-1",
			text,
			1545084650987,
			"arn:aws:sqs:eu-central-1:123456789012:events"
		]);
	});

	it.each(["", "{ not json", "7", "null", '{"Type":"Notification"}', '{"detail":1}', "[]"])(
		"that are no events stay as they are: %j",
		body => {
			const [record] = batchOf({ Records: [sqsRecord("m-1", body)] }).records;
			expect(record!.message).toMatchObject({ key: null, value: Buffer.from(body) });
		}
	);

	it("are delivered again one by one", () => {
		const batch = batchOf({ Records: ["a", "b", "c"].map(id => sqsRecord(id, text)) });
		expect(failing(batch, 0, 2)).toEqual(["a", "c"]);
	});
});

describe("an event of a bus", () => {
	it("is its detail, at the time of the bus", () => {
		const { source, records } = batchOf(bus({}));
		expect(source).toBe("eventbridge");
		const { key, value, at } = records[0]!.message;
		expect([key, value.toString(), at.toISOString()]).toEqual([
			"user-1",
			text,
			"2018-12-17T22:10:50.000Z"
		]);
	});

	it("is delivered again after an error", () => {
		const batch = batchOf(bus({}));
		expect(() => failing(batch, 0)).toThrow("53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa");
		expect(failing(batch)).toEqual([]);
	});

	it.each([
		{ source: "aws.events", "detail-type": "Scheduled Event", detail: {} },
		{ source: "aws.scheduler", "detail-type": "Scheduled Event", detail: "{}" }
	])("of a schedule has no record: $source", schedule => {
		expect(batchOf(bus(schedule))).toMatchObject({ source: "schedule", records: [] });
	});
});

it.each([
	null,
	undefined,
	"text",
	{},
	{ Records: [{ eventSource: "aws:s3" }] },
	{ Records: "x" },
	{ records: {} }
])("an event of another source is an error: %j", other => {
	expect(() => batchOf(other)).toThrow("not one of Kafka, SQS or EventBridge");
});
