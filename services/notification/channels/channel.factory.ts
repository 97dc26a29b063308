import { SESClient } from "@aws-sdk/client-ses";
import { SNSClient } from "@aws-sdk/client-sns";
import { config } from "../../../config/index.ts";
import type { NotificationChannel } from "../../../contracts/notification.ts";
import { awsOptions } from "../aws/client-options.ts";
import { SnsTopicChannel } from "./sns-topic.channel.ts";
import { MailboxChannel } from "./mailbox.channel.ts";
import { SesChannel } from "./ses.channel.ts";
import { SmsChannel } from "./sns-sms.channel.ts";
import { SmtpChannel } from "./smtp.channel.ts";
import type { Channel } from "../channel.ts";
import type { MailboxStore } from "./mailbox-store.ts";

/** Errors of channels between messages, e.g. a broken idle connection. */
export interface ChannelListeners {
	onError(error: Error): void;
}

function mailChannel({ onError }: ChannelListeners, store: MailboxStore): Channel {
	const { mail, aws } = config();
	const { driver, smtpUrl, smtpTls, sesRatePerS, sesConfigurationSet } = mail;
	if (driver === "mailbox") return new MailboxChannel(store, "email");
	const from = mail.from!;
	if (driver === "smtp") return new SmtpChannel({ url: smtpUrl!, tls: smtpTls, from, onError });
	return new SesChannel(new SESClient(awsOptions(aws)), {
		from,
		ratePerS: sesRatePerS,
		configurationSet: sesConfigurationSet
	});
}

function smsChannel(store: MailboxStore): Channel | undefined {
	const { sms, aws } = config();
	if (sms.driver === "none") return undefined;
	if (sms.driver === "mailbox") return new MailboxChannel(store, "sms");
	return new SmsChannel(new SNSClient(awsOptions(aws)), sms.senderId);
}

function snsTopicChannel(): Channel | undefined {
	const { topicArn, aws } = config();
	return topicArn ? new SnsTopicChannel(new SNSClient(awsOptions(aws)), topicArn) : undefined;
}

/** The configured channels. */
export async function openChannels(
	listeners: ChannelListeners,
	store: MailboxStore
): Promise<ReadonlyMap<NotificationChannel, Channel>> {
	const channels: [NotificationChannel, Channel | undefined][] = [
		["email", mailChannel(listeners, store)],
		["sms", smsChannel(store)],
		["sns_topic", snsTopicChannel()]
	];
	return new Map(channels.filter((entry): entry is [NotificationChannel, Channel] => !!entry[1]));
}
