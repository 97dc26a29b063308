import { PublishCommand, type SNSClient } from "@aws-sdk/client-sns";
import { askAws, awsConnections } from "../aws/client-options.ts";
import type { Channel, Dispatch } from "../channel.ts";
import { toSms } from "../templates/sms.templates.ts";

const text = (StringValue: string) => ({ DataType: "String", StringValue });

/** Sends text messages by Amazon SNS, which does not deduplicate: a message that is sent twice arrives twice. */
export class SmsChannel implements Channel {
	readonly maxInFlight = awsConnections;
	readonly #client: SNSClient;
	readonly #senderId: string | undefined;

	constructor(client: SNSClient, senderId: string | undefined) {
		this.#client = client;
		this.#senderId = senderId;
	}

	async send({ to, rendered }: Dispatch): Promise<{ providerId: string }> {
		const command = new PublishCommand({
			PhoneNumber: to,
			Message: toSms(rendered.short),
			MessageAttributes: {
				"AWS.SNS.SMS.SMSType": text("Transactional"),
				...(this.#senderId && { "AWS.SNS.SMS.SenderID": text(this.#senderId) })
			}
		});
		const { MessageId } = await askAws(options => this.#client.send(command, options));
		return { providerId: MessageId! };
	}

	async close(): Promise<void> {
		this.#client.destroy();
	}
}
