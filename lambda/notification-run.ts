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

/** What has connections. All are closed at once, and one that fails does not keep the others open. */
class OpenParts {
	readonly #closes: (() => unknown)[] = [];

	add<P>(part: P, close: (part: P) => unknown): P {
		this.#closes.push(() => close(part));
		return part;
	}

	async close(): Promise<void> {
		await Promise.allSettled(this.#closes.map(async close => close()));
	}
}

/**
 * Opens everything that has connections. An invocation closes it again, because those that were open while Lambda froze the
 * process may be dead, and a request over one fails. If a part cannot be opened, those before it are closed: the process lives
 * on, and the next invocation opens all of them again.
 */
export async function openRun(
	settings: FunctionSettings,
	onError: (error: Error) => void
): Promise<NotificationRun> {
	const parts = new OpenParts();
	try {
		return await openParts(parts, settings, onError);
	} catch (error) {
		await parts.close();
		throw error;
	}
}

async function openParts(
	parts: OpenParts,
	{ deadLetterQueueUrl }: FunctionSettings,
	onError: (error: Error) => void
): Promise<NotificationRun> {
	const { aws, durability, shop } = config();
	const name = "shop notification function";
	const url = databaseUrlOf("notification");
	const db = parts.add(new Database({ url, pool: 1, durability, name, onError }), one =>
		one.close()
	);
	const store = parts.add(await openStore(db), one => one.close());
	const channels = parts.add(await openChannels({ onError }, new MailboxStore(db)), all =>
		Promise.allSettled([...all.values()].map(channel => channel.close()))
	);
	const contacts = parts.add(new ContactsOverBus(), one => one.close());
	const queue = new SQSClient(awsOptions(aws));
	const deadLetters = parts.add(new DeadLetters(queue, deadLetterQueueUrl), one => one.close());
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
		close: () => parts.close()
	};
}
