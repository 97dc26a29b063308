import { SendRawEmailCommand, SESClient } from "@aws-sdk/client-ses";
import { PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import { mockClient } from "aws-sdk-client-mock";
import { dispatch } from "../../../tests/support/notification/sample-dispatch.ts";
import { SnsTopicChannel } from "./sns-topic.channel.ts";
import { SesChannel } from "./ses.channel.ts";
import { SmsChannel } from "./sns-sms.channel.ts";
import { buildWebhookDisabled } from "../../../tests/support/streams/webhook-event.ts";
import type { Dispatch, Refused } from "../channel.ts";

const ses = mockClient(SESClient);
const sns = mockClient(SNSClient);
beforeEach(() => {
	ses.reset();
	sns.reset();
	ses.on(SendRawEmailCommand).resolves({ MessageId: "ses-1" });
	sns.on(PublishCommand).resolves({ MessageId: "sns-1" });
});

const topicArn = "arn:aws:sns:eu-central-1:123456789012:shop";
const byName = (name: string, message = "") => Object.assign(new Error(message), { name });
const refusalOf = (sent: Promise<unknown>) =>
	sent.then(
		() => "it was taken",
		(error: Refused) => error.refusal
	);

describe("SES", () => {
	const options = { from: "Shop <orders@shop.example>", configurationSet: "told" };
	const channel = (ratePerS = 1000) => new SesChannel(new SESClient({}), { ...options, ratePerS });

	it("gets a whole mail, with our id", async () => {
		const message = dispatch();
		await expect(channel().send(message)).resolves.toEqual({ providerId: "ses-1" });
		const { RawMessage, ...input } = ses.commandCalls(SendRawEmailCommand)[0]!.args[0].input;
		expect(input).toEqual({
			Source: "orders@shop.example",
			Destinations: ["zoe@shop.test"],
			Tags: [{ Name: "message_id", Value: message.id }],
			ConfigurationSetName: "told"
		});
		expect(Buffer.from(RawMessage!.Data!).toString()).toContain(`X-Shop-Message-ID: ${message.id}`);
	});

	it("reports a refusal, and is called once", async () => {
		ses.on(SendRawEmailCommand).rejects(byName("MessageRejected", "to zoe@shop.test"));
		await expect(refusalOf(channel().send(dispatch()))).resolves.toEqual({
			kind: "permanent",
			reason: "MessageRejected: to (address)"
		});
		expect(ses.commandCalls(SendRawEmailCommand)).toHaveLength(1);
	});

	it("is called no faster than the rate limit", async () => {
		const slow = channel(1);
		const sent = await Promise.allSettled(Array.from({ length: 6 }, () => slow.send(dispatch())));
		const refused = sent.flatMap(s => (s.status === "rejected" ? [s.reason.refusal] : []));
		expect(ses.commandCalls(SendRawEmailCommand)).toHaveLength(3);
		expect(refused).toHaveLength(3);
		for (const { kind, retryAfterMs } of refused) {
			expect(kind).toBe("throttled");
			expect(retryAfterMs).toBeGreaterThan(2000);
		}
	});

	it("is paused for a second when it throttles", async () => {
		const paced = channel();
		ses.on(SendRawEmailCommand).rejectsOnce(byName("Throttling")).resolves({ MessageId: "x" });
		await expect(refusalOf(paced.send(dispatch()))).resolves.toMatchObject({ kind: "throttled" });
		const before = performance.now();
		await paced.send(dispatch());
		expect(performance.now() - before).toBeGreaterThan(900);
	});
});

describe("text messages by SNS", () => {
	const channel = (senderId?: string) => new SmsChannel(new SNSClient({}), senderId);
	const message = dispatch({ to: "+4915112345678" });

	it("go to a phone number, as transactional messages", async () => {
		await expect(channel("SHOP").send(message)).resolves.toEqual({ providerId: "sns-1" });
		expect(sns.commandCalls(PublishCommand)[0]!.args[0].input).toEqual({
			PhoneNumber: "+4915112345678",
			Message: message.rendered.short.replaceAll("\u00a0", " "),
			MessageAttributes: {
				"AWS.SNS.SMS.SMSType": { DataType: "String", StringValue: "Transactional" },
				"AWS.SNS.SMS.SenderID": { DataType: "String", StringValue: "SHOP" }
			}
		});
	});

	it("are permanently refused after an opt-out", async () => {
		sns.on(PublishCommand).rejects(byName("InvalidParameter", "+4915112345678 is opted out"));
		await expect(refusalOf(channel().send(message))).resolves.toMatchObject({
			kind: "permanent",
			reason: "InvalidParameter: (number) is opted out"
		});
	});
});

describe("the SNS topic", () => {
	const webhook = buildWebhookDisabled();
	const published = async (arn: string, message = dispatch()) => {
		await new SnsTopicChannel(new SNSClient({}), arn).send(message);
		return { message, input: sns.commandCalls(PublishCommand)[0]!.args[0].input };
	};

	it("gets events without personal data", async () => {
		const { message, input } = await published(topicArn);
		const { id, eventId: event_id, fact } = message;
		expect(JSON.parse(input.Message!)).toEqual({ id, event_id, ...fact });
		expect(input.Message).not.toMatch(/zoe|Zoë|@/);
		expect(input).toMatchObject({
			TopicArn: topicArn,
			MessageAttributes: {
				type: { StringValue: "order.confirmed" },
				event_id: { StringValue: event_id }
			}
		});
		expect(input).not.toHaveProperty("MessageGroupId");
	});

	it("groups messages of an order in a FIFO topic", async () => {
		const { message, input } = await published(`${topicArn}.fifo`);
		expect(input).toMatchObject({
			MessageGroupId: (message.fact.data as { order_id: string }).order_id,
			MessageDeduplicationId: message.id
		});
	});

	it.each([
		[
			"product",
			"product.low_stock",
			{ product_id: "prod-001", name: "Pen", available: 2 },
			"prod-001"
		],
		["webhook", "webhook.disabled", webhook.data, webhook.subject]
	])("groups messages of a %s in a FIFO topic", async (_, type, data, group) => {
		const fact = { type, time: webhook.time, data } as Dispatch["fact"];
		const { input } = await published(`${topicArn}.fifo`, dispatch({ fact }));
		expect(input.MessageGroupId).toBe(group);
	});
});
