import type { NotificationChannel } from "../../contracts/notification.ts";
import type { Channel } from "./notification.channel.ts";
import { MailboxChannel } from "./notification.channel.mailbox.ts";
import type { MailboxStore } from "./notification.mailbox.ts";

/** What channels tell between messages, e.g. that an idle connection broke. */
export interface ChannelListeners {
	onError(error: Error): void;
}

/** The ways to reach people and systems that this shop is configured for. */
export async function openChannels(
	_listeners: ChannelListeners,
	store: MailboxStore
): Promise<ReadonlyMap<NotificationChannel, Channel>> {
	return new Map<NotificationChannel, Channel>([
		["email", new MailboxChannel(store, "email")],
		["sms", new MailboxChannel(store, "sms")]
	]);
}
