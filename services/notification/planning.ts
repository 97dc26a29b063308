import type { OrderStreamEvent, StaffEvent } from "../../contracts/events.ts";
import {
	isForStaff,
	type NotificationChannel,
	type NotificationKind
} from "../../contracts/notification.ts";
import { derivedId } from "../../lib/id.ts";
import { channelsFor, kindOf, type PersonalChannel } from "./notification.decisions.ts";
import { publicUrl } from "./templates/format.templates.ts";
import type { NewNotification, NotificationStore } from "./tracking-store.ts";

/** Events with messages. */
export type NotifiableEvent = OrderStreamEvent | StaffEvent;

/** A user's preferences: `user kind` → channels, none for "never". */
export type Choices = ReadonlyMap<string, readonly PersonalChannel[]>;

export const choiceOf = (userId: string, kind: NotificationKind) => `${userId} ${kind}`;

/** Dependencies of the handler, which may run in a consumer or in a serverless function. */
export interface Ports {
	store: Pick<NotificationStore, "plan" | "resend">;
	/** Configured channels. */
	offered: ReadonlySet<NotificationChannel>;
	/** Sent messages are sent once more. */
	again?: boolean;
	/** Those of these events that have no effect, because a restored database marked them so. */
	suppressed?(eventIds: readonly string[]): Promise<ReadonlySet<string>>;
	choices(userIds: readonly string[]): Promise<Choices>;
}

/**
 * Plans the messages of events, one for each event and channel; returns the ids of new ones. Given the same
 * events again it adds nothing, unless `again` is set.
 */
export async function plan(events: readonly NotifiableEvent[], ports: Ports): Promise<string[]> {
	const known = events.filter(({ type }) => kindOf(type) !== null);
	if (known.length === 0) return [];
	const suppressed = await ports.suppressed?.(known.map(({ id }) => id));
	const notifiable = suppressed ? known.filter(({ id }) => !suppressed.has(id)) : known;
	if (notifiable.length === 0) return [];
	const readers = new Set(notifiable.flatMap(event => readerOf(event) ?? []));
	const choices = await ports.choices([...readers]);
	const messages = notifiable.flatMap(event => messagesOf(event, choices, ports.offered));
	const planned = await ports.store.plan(messages);
	if (!ports.again) return planned;
	const fresh = new Set(planned);
	const sent = messages.filter(({ id }) => !fresh.has(id));
	for (const { id } of sent) await ports.store.resend(id);
	return [...planned, ...sent.map(({ id }) => id)];
}

/** Null: all admins, by the default channels; their addresses are read when it is sent. */
const readerOf = ({ type, data }: NotifiableEvent) =>
	isForStaff(kindOf(type)!) || !("user_id" in data) ? null : data.user_id;

/**
 * The channel's name inside ids. The SNS topic was called `cascade` once: with another name, an event that is
 * replayed would get a second id there, and be published a second time.
 */
const idName = (channel: NotificationChannel) => (channel === "sns_topic" ? "cascade" : channel);

/** The data that is kept, and published to the SNS topic: of a webhook's URL, only what may be shown. */
const dataOf = ({ type, data }: NotifiableEvent) =>
	type === "webhook.disabled" ? { ...data, url: publicUrl(data.url) } : data;

function messagesOf(
	event: NotifiableEvent,
	choices: Choices,
	offered: Ports["offered"]
): NewNotification[] {
	const { id: event_id, type, time } = event;
	const kind = kindOf(type)!;
	const user_id = readerOf(event);
	const order_id = "order_id" in event.data ? event.data.order_id : null;
	const chosen = user_id === null ? undefined : choices.get(choiceOf(user_id, kind));
	return channelsFor(chosen, offered).map(channel => ({
		id: derivedId(event_id, idName(channel)),
		event_id,
		channel,
		kind,
		user_id,
		order_id,
		fact: { type, time, data: dataOf(event) } as NewNotification["fact"]
	}));
}
