import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import type { NotificationChannel } from "../../../contracts/notification.ts";
import type { TimePosition } from "../../../lib/keyset.ts";
import {
	keptDays,
	type Claim,
	type NewNotification,
	type StoredFact,
	type StoredNotification
} from "../tracking-store.ts";

/** The format of a message in DynamoDB. Times are numbers in ms; only `expires_at` is in seconds. */

export type Item = Record<string, AttributeValue>;

const keptMs = keptDays * 86_400_000;

/** Text, numbers and null: the types of an item. */
export function valuesOf(fields: Record<string, string | number | null>): Item {
	const present = Object.entries(fields).filter(([, value]) => value !== null);
	return Object.fromEntries(
		present.map(([name, value]): [string, AttributeValue] => [
			name,
			typeof value === "number" ? { N: String(value) } : { S: value! }
		])
	);
}

/** Sorts as text in the order of time. */
export function positionOf({ at, id }: TimePosition): string {
	return `${String(at.getTime()).padStart(15, "0")}#${id}`;
}

/** Undefined when it would have expired already. */
export function newItem({ fact, ...message }: NewNotification, now: number): Item | undefined {
	const at = new Date(fact.time);
	if (at.getTime() + keptMs <= now) return undefined;
	return valuesOf({
		...message,
		fact: JSON.stringify(fact),
		state: "pending",
		attempts: 0,
		resends: 0,
		fence: 0,
		queue: message.channel,
		due_at: now,
		everyone: "1",
		position: positionOf({ at, id: message.id }),
		occurred_at: at.getTime(),
		created_at: now,
		updated_at: now,
		expires_at: Math.ceil((at.getTime() + keptMs) / 1000)
	});
}

/** An empty text is omitted. */
const text = (item: Item, name: string) => item[name]?.S || null;
const number = (item: Item, name: string) => Number(item[name]?.N ?? 0);
const time = (item: Item, name: string) => new Date(number(item, name));

/** Items that were written before each channel had its own queue are in this one. */
export const sharedQueue = "1";

/** The SNS topic before the channel was renamed. */
const formerTopic = "cascade";

/** What a channel is called in items, also in earlier ones. */
export const storedNamesOf = (channel: NotificationChannel): string[] =>
	channel === "sns_topic" ? [channel, formerTopic] : [channel];

const channelOf = (stored: string) =>
	(stored === formerTopic ? "sns_topic" : stored) as NotificationChannel;

function plannedOf(item: Item): NewNotification {
	return {
		id: text(item, "id")!,
		event_id: text(item, "event_id")!,
		channel: channelOf(text(item, "channel")!),
		kind: text(item, "kind") as NewNotification["kind"],
		user_id: text(item, "user_id"),
		order_id: text(item, "order_id"),
		fact: JSON.parse(text(item, "fact")!) as StoredFact
	};
}

export function claimOf(item: Item): Claim {
	return {
		...plannedOf(item),
		attempts: number(item, "attempts"),
		resends: number(item, "resends"),
		fence: number(item, "fence")
	};
}

export function trackedOf(item: Item): StoredNotification {
	return {
		...plannedOf(item),
		occurred_at: time(item, "occurred_at"),
		state: text(item, "state") as StoredNotification["state"],
		attempts: number(item, "attempts"),
		resends: number(item, "resends"),
		reason: text(item, "reason"),
		provider_id: text(item, "provider_id"),
		sent_at: item.sent_at ? time(item, "sent_at") : null,
		created_at: time(item, "created_at"),
		updated_at: time(item, "updated_at")
	};
}
