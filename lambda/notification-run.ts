import { SQSClient } from "@aws-sdk/client-sqs";
import { config } from "../config/index.ts";
import { Database } from "../db/database.ts";
import { databaseUrlOf } from "../mixins/postgres.mixin.ts";
import { awsOptions } from "../services/notification/aws/client-options.ts";
import { openChannels } from "../services/notification/channels/channel.factory.ts";
import { MailboxStore } from "../services/notification/channels/mailbox-store.ts";
import { Dispatcher } from "../services/notification/dispatch/dispatcher.ts";
import { plan, type NotifiableEvent } from "../services/notification/planning.ts";
import { PreferenceStore } from "../services/notification/preferences.ts";
import { openStore } from "../services/notification/storage/store.factory.ts";
import { InboxRepository } from "../streams/consumer/storage/inbox.repository.ts";
import { ContactsOverBus } from "./contacts.ts";
import { DeadLetters } from "./dead-letters.ts";
import type { FunctionSettings } from "./settings.ts";

/** What an invocation works with: the parts of the notification service, without its consumer. */
export interface NotificationRun {
	plan(events: readonly NotifiableEvent[]): Promise<unknown>;
	readonly deadLetters: DeadLetters;
	/** Sends a batch of due messages of each channel. Returns how many it tried. */
	sendDue(): Promise<number>;
	close(): Promise<void>;
}

/** Not used: a run sends what is due when it is called. */
const everyMs = 60_000;

/**
 * Opens everything that has connections. An invocation closes it again, because those that were open while Lambda froze the
 * process may be dead, and a request over one fails.
 */
export async function openRun(
	{ deadLetterQueueUrl }: FunctionSettings,
	onError: (error: Error) => void
): Promise<NotificationRun> {
	const { aws, durability, shop } = config();
	const name = "shop notification function";
	const url = databaseUrlOf("notification");
	const db = new Database({ url, pool: 1, durability, name, onError });
	const store = await openStore(db);
	const channels = await openChannels({ onError }, new MailboxStore(db));
	const contacts = new ContactsOverBus();
	const deadLetters = new DeadLetters(new SQSClient(awsOptions(aws)), deadLetterQueueUrl);
	const inbox = new InboxRepository(db, "notification");
	const preferences = new PreferenceStore(db);
	const ports = {
		store,
		offered: new Set(channels.keys()),
		suppressed: (ids: readonly string[]) => inbox.suppressed(ids),
		choices: (ids: readonly string[]) => preferences.choices(ids)
	};
	const dispatcher = new Dispatcher({
		store,
		channels,
		shop,
		contacts: of => contacts.read(of),
		everyMs,
		chance: Math.random,
		onError
	});
	return {
		plan: events => plan(events, ports),
		deadLetters,
		sendDue: () => dispatcher.sendDue(),
		async close() {
			deadLetters.close();
			store.close();
			const closing = [...channels.values()].map(channel => channel.close());
			await Promise.allSettled([...closing, contacts.close(), db.close()]);
		}
	};
}
