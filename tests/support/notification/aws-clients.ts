import { readEnvironment } from "../../../config/read-environment.ts";
import { toConfig, useConfig } from "../../../config/index.ts";
import type { NotificationChannel } from "../../../contracts/notification.ts";
import type { Database } from "../../../db/database.ts";
import type { Channel } from "../../../services/notification/channel.ts";
import { openChannels } from "../../../services/notification/channels/channel.factory.ts";
import type { MailboxStore } from "../../../services/notification/channels/mailbox-store.ts";
import { openStore } from "../../../services/notification/storage/store.factory.ts";
import { dispatch } from "./sample-dispatch.ts";

const settings = {
	MAIL_DRIVER: "ses",
	MAIL_FROM: "Shop <orders@shop.example>",
	SMS_DRIVER: "sns",
	SNS_TOPIC_ARN: "arn:aws:sns:eu-central-1:123456789012:shop",
	NOTIFICATION_STORE: "dynamodb",
	NOTIFICATION_TABLE: "messages",
	AWS_REGION: "eu-central-1"
};

/** Credentials as the AWS SDK finds them in the environment. */
export const awsCredentials = { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" };

export interface AwsClients {
	/** Each client of AWS that a shop has: what it sends. */
	readonly requests: Record<string, () => Promise<unknown>>;
	close(): Promise<void>;
}

export async function openAwsClients(endpoint: string): Promise<AwsClients> {
	useConfig(toConfig(readEnvironment({ ...settings, AWS_ENDPOINT_URL: endpoint })));
	const onError = (error: Error) => {
		throw error;
	};
	const channels = await openChannels({ onError }, undefined as unknown as MailboxStore);
	const store = await openStore(undefined as unknown as Database);
	const send = (name: NotificationChannel, to?: string) => () =>
		(channels.get(name) as Channel).send(dispatch(to === undefined ? {} : { to }));
	return {
		requests: {
			SES: send("email"),
			SNS: send("sms", "+4915112345678"),
			"a topic of SNS": send("sns_topic"),
			DynamoDB: () => store.backlog()
		},
		async close() {
			for (const channel of channels.values()) await channel.close();
		}
	};
}
