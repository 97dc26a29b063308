import type { LowStockEvent, OrderStreamEvent } from "../../contracts/events.ts";
import type { NotificationChannel, NotificationKind } from "../../contracts/notification.ts";
import { derivedId } from "../../lib/id.ts";
import { channelsFor, kinds, type PersonalChannel } from "./notification.decisions.ts";
import type { NewNotification, NotificationStore } from "./tracking-store.ts";

/** Events that people are told of. */
export type NotifiableEvent = OrderStreamEvent | LowStockEvent;

/** What a user said about a kind of news: `user kind` → channels, none for "never". */
export type Choices = ReadonlyMap<string, readonly PersonalChannel[]>;

export const choiceOf = (userId: string, kind: NotificationKind) => `${userId} ${kind}`;

/** What the handler needs of the world; whoever runs it, a consumer or a function in a cloud, has these. */
export interface Ports {
	store: Pick<NotificationStore, "plan" | "resend">;
	/** By the shop. */
	offered: ReadonlySet<NotificationChannel>;
	/** Messages that were sent go out once more. */
	again?: boolean;
	choices(userIds: readonly string[]): Promise<Choices>;
}

/**
 * Plans the messages that events call for, one for each event and channel; answers the ids of those
 * that are new. Given the same events again, it adds nothing, unless they are to be sent again.
 */
export async function plan(events: readonly NotifiableEvent[], ports: Ports): Promise<string[]> {
	const notifiable = events.filter(({ type }) => kinds[type]);
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

/** Null: all who run the shop, by the usual channels; who they are is asked when it is sent. */
const readerOf = (event: NotifiableEvent) =>
	event.type === "product.low_stock" ? null : event.data.user_id;

/**
 * What a channel is called inside ids. The SNS topic was called `cascade` once: with another name, an
 * event that is replayed would get a second id there, and be published a second time.
 */
const idName = (channel: NotificationChannel) => (channel === "sns_topic" ? "cascade" : channel);

function messagesOf(
	event: NotifiableEvent,
	choices: Choices,
	offered: Ports["offered"]
): NewNotification[] {
	const { id: event_id, type, time } = event;
	const kind = kinds[type]!;
	const user_id = readerOf(event);
	const order_id = event.type === "product.low_stock" ? null : event.data.order_id;
	const chosen = user_id === null ? undefined : choices.get(choiceOf(user_id, kind));
	return channelsFor(chosen, offered).map(channel => ({
		id: derivedId(event_id, idName(channel)),
		event_id,
		channel,
		kind,
		user_id,
		order_id,
		fact: { type, time, data: event.data } as NewNotification["fact"]
	}));
}
