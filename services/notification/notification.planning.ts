import type { OrderStreamEvent } from "../../contracts/events.ts";
import type { NotificationChannel, NotificationKind } from "../../contracts/notification.ts";
import { derivedId } from "../../lib/id.ts";
import { channelsFor, kinds, type PersonalChannel } from "./notification.decisions.ts";
import type { Planned, TrackingStore } from "./notification.store.ts";

/** What a user said about a kind of news: `user kind` → channels, none for "never". */
export type Choices = ReadonlyMap<string, readonly PersonalChannel[]>;

export const choiceOf = (userId: string, kind: NotificationKind) => `${userId} ${kind}`;

/** What the handler needs of the world; whoever runs it, a consumer or a function in a cloud, has these. */
export interface Ports {
	store: Pick<TrackingStore, "plan" | "resend">;
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
export async function plan(events: readonly OrderStreamEvent[], ports: Ports): Promise<string[]> {
	const news = events.filter(({ type }) => kinds[type]);
	if (news.length === 0) return [];
	const choices = await ports.choices([...new Set(news.map(({ data }) => data.user_id))]);
	const messages = news.flatMap(event => messagesOf(event, choices, ports.offered));
	const planned = await ports.store.plan(messages);
	if (!ports.again) return planned;
	const fresh = new Set(planned);
	const sent = messages.filter(({ id }) => !fresh.has(id));
	for (const { id } of sent) await ports.store.resend(id);
	return [...planned, ...sent.map(({ id }) => id)];
}

function messagesOf(
	event: OrderStreamEvent,
	choices: Choices,
	offered: Ports["offered"]
): Planned[] {
	const { id: event_id, type, time, data } = event;
	const { user_id, order_id } = data;
	const kind = kinds[type]!;
	const chosen = choices.get(choiceOf(user_id, kind));
	return channelsFor(chosen, offered).map(channel => ({
		id: derivedId(event_id, channel),
		...{ event_id, channel, kind, user_id, order_id },
		fact: { type, time, data }
	}));
}
