import type { SendMessageCommandInput, SQSClient } from "@aws-sdk/client-sqs";
import { Unreadable } from "../streams/messages/event-reader.ts";
import { DeadLetters } from "./dead-letters.ts";

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html */
const accepted = /^[\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]+$/u;
const mostBytes = 1024 * 1024;

/** What is sent for a message, as texts. */
async function sent(key: string, value: Buffer, detail = "is bad"): Promise<string[]> {
	const send = jest.fn(async (_: { input: SendMessageCommandInput }) => undefined);
	const letters = new DeadLetters({ send } as Partial<SQSClient> as SQSClient, "queue");
	const message = { topic: "orders", partition: 1, offset: 7n, headers: {}, at: new Date() };
	await letters.put({ ...message, key, value }, new Unreadable("not-json", detail));
	const { MessageBody, MessageAttributes } = send.mock.lastCall![0].input;
	const attributes = Object.entries(MessageAttributes!);
	return [MessageBody!, ...attributes.flatMap(([name, { StringValue }]) => [name, StringValue!])];
}

it.each([
	{ what: "a message of Avro", value: [0, 0, 0, 0, 1, 2, 3], detail: "Unexpected token \u0001" },
	{ what: "a key that is no character", key: "k\uffff\ufffe" },
	{ what: "half a character", key: "k\ud800" },
	{ what: "a reason that is empty", detail: "" },
	{ what: "an emoji", key: "😀", detail: "😀" }
])("$what is text that SQS takes", async ({ key = "k", value = [0x7b], detail }) => {
	for (const text of await sent(key, Buffer.from(value), detail)) expect(text).toMatch(accepted);
});

it.each([0, 600, 640, 641, 700, 1024])(
	"a value of %d KiB fits into a message of SQS",
	async kib => {
		const value = Buffer.alloc(kib * 1024, "x");
		const texts = await sent("k".repeat(1024), value, "x".repeat(1000));
		const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
		expect(bytes).toBeLessThanOrEqual(mostBytes);
		expect(JSON.parse(texts[0]!).bytes).toBe(value.length);
		expect(JSON.parse(texts[0]!).value === null).toBe(kib > 640);
	}
);
