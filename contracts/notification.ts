import {
	contract,
	nullable,
	oneOf,
	strictObject,
	T,
	type Static,
	type TSchema
} from "../lib/schema.ts";
import { everyone, staff } from "./roles.ts";
import { consumerActions } from "./streams.ts";
import { Cursor, Id, Instant, Limit, NextCursor, ready, Uuid } from "./values.ts";

/** Kinds of messages; a user chooses the channels per kind. */
export const notificationKinds = [
	"order_confirmation",
	"payment_failure",
	"cancellation",
	"shipment",
	"delivery",
	"refund",
	"return",
	"low_stock",
	"dispute",
	"webhook_disabled"
] as const;
export const NotificationKind = oneOf(notificationKinds);
export type NotificationKind = Static<typeof NotificationKind>;

/** `sns_topic`: an Amazon SNS topic that other systems subscribe to. Users cannot choose it. */
export const notificationChannels = ["email", "sms", "sns_topic"] as const;
export const NotificationChannel = oneOf(notificationChannels);
export type NotificationChannel = Static<typeof NotificationChannel>;

export const NotificationState = oneOf(["pending", "sent", "skipped", "parked"], {
	description:
		"`skipped`: the recipient cannot be reached; `parked`: it was refused permanently, or too often"
});
export type NotificationState = Static<typeof NotificationState>;

const entry = {
	id: Uuid,
	channel: oneOf(["email", "sms"]),
	to: T.String({ description: "An e-mail address or a phone number" }),
	type: T.String({ description: "The type of the event" }),
	order_id: nullable(Uuid),
	subject: nullable(T.String()),
	received_at: Instant
};
export const MailboxEntry = strictObject(entry, { title: "MailboxEntry" });
export type MailboxEntry = Static<typeof MailboxEntry>;

/** A stored message. A text message has neither subject nor HTML. */
export const MailboxMessage = strictObject(
	{ ...entry, html: nullable(T.String()), text: T.String() },
	{ title: "MailboxMessage" }
);
export type MailboxMessage = Static<typeof MailboxMessage>;

/** SES and SNS have shorter ones; a mail server answers what it likes. */
export const longestProviderId = 200;

/** A message about an event, by one channel. The address is not included. */
export const Notification = strictObject(
	{
		id: Uuid,
		event_id: Uuid,
		kind: NotificationKind,
		channel: NotificationChannel,
		state: NotificationState,
		reason: nullable(T.String({ maxLength: 320, description: "Why it was not sent, or not yet" })),
		user_id: nullable(T.String({ description: "Null: all admins" })),
		order_id: nullable(Uuid),
		attempts: T.Integer({ minimum: 0, description: "Since it was last requested" }),
		resends: T.Integer({ minimum: 0, description: "How often it was resent" }),
		provider_id: nullable(
			T.String({
				maxLength: longestProviderId,
				description: "Id of SES, SNS or the mail server; null until it is sent, and for customers"
			})
		),
		occurred_at: Instant,
		sent_at: nullable(Instant),
		created_at: Instant,
		updated_at: Instant
	},
	{ title: "Notification" }
);
export type Notification = Static<typeof Notification>;

export const NotificationList = strictObject(
	{ data: T.Array(Notification), next_cursor: NextCursor },
	{ title: "NotificationList" }
);
export type NotificationList = Static<typeof NotificationList>;

/** The rendered message. */
export const Preview = strictObject(
	{ subject: T.String(), html: T.String(), text: T.String(), short: T.String() },
	{ title: "NotificationPreview" }
);
export type Preview = Static<typeof Preview>;

/** Kinds that all admins get, whatever channels they choose for their own orders. */
const staffKinds = ["low_stock", "dispute", "webhook_disabled"] as const;
type StaffKind = (typeof staffKinds)[number];
type UserKind = Exclude<NotificationKind, StaffKind>;

export const isForStaff = (kind: NotificationKind): kind is StaffKind =>
	staffKinds.some(one => one === kind);

/** Kinds that a user may choose channels for. */
export const userKinds = notificationKinds.filter((kind): kind is UserKind => !isForStaff(kind));

const Channels = T.Array(oneOf(["email", "sms"]), { uniqueItems: true, maxItems: 2 });
const byKind = <S extends TSchema>(schema: S) =>
	Object.fromEntries(userKinds.map(kind => [kind, schema])) as Record<UserKind, S>;

/** The channels that a user chose for each kind of message; an empty list means none. */
export const Preferences = strictObject(byKind(Channels), { title: "NotificationPreferences" });
export type Preferences = Static<typeof Preferences>;

/** Messages that are due and not sent. */
export const WaitingMessages = T.Array(
	strictObject({
		channel: oneOf(notificationChannels),
		count: T.Integer({
			minimum: 0,
			description: "Counted up to a limit of the store, 10,000 in Postgres"
		}),
		oldest_s: T.Number({ minimum: 0, description: "Since the oldest of them was due" })
	}),
	{ description: "Messages that wait to be sent, by channel; for admins only" }
);

export const notification = contract("notification", {
	list: {
		summary: "Your messages, newest event first; staff see everybody's, or one user's",
		kind: "query",
		access: everyone,
		params: strictObject({
			user_id: T.Optional(Id),
			limit: T.Optional(Limit),
			cursor: T.Optional(Cursor)
		}),
		returns: NotificationList
	},
	get: {
		summary: "One message with its delivery status",
		kind: "query",
		access: everyone,
		params: strictObject({ id: Uuid }),
		returns: Notification
	},
	resend: {
		summary: "Resend a message, or send it now if it is pending",
		kind: "command",
		access: staff,
		params: strictObject({ id: Uuid }),
		returns: Notification
	},
	preview: {
		summary: "A message, rendered now",
		kind: "query",
		access: staff,
		params: strictObject({ id: Uuid }),
		returns: Preview
	},
	"preferences.get": {
		summary: "The channels by which you receive each kind of message",
		kind: "query",
		access: everyone,
		params: strictObject({}),
		returns: Preferences
	},
	"preferences.set": {
		summary: "Choose the channels for each kind of message; an omitted kind uses the default",
		kind: "command",
		access: everyone,
		params: strictObject(byKind(T.Optional(Channels))),
		returns: Preferences
	},
	waiting: {
		summary: "Messages that are due and not sent, by channel",
		kind: "query",
		access: "internal",
		timeoutMs: 1000,
		params: strictObject({}),
		returns: strictObject({ data: WaitingMessages })
	},
	"mailbox.list": {
		summary: "Messages that were stored instead of sent, newest first",
		kind: "query",
		access: "internal",
		params: strictObject({ limit: Limit }),
		returns: strictObject({ data: T.Array(MailboxEntry) })
	},
	"mailbox.get": {
		summary: "A stored message with its content",
		kind: "query",
		access: "internal",
		params: strictObject({ id: Uuid }),
		returns: MailboxMessage
	},
	...consumerActions(
		["missing", "quiet", "again"],
		"`missing`: sends the messages that were never planned; `quiet`: records these without sending them; `again`: sends every message once more"
	),
	ready
});
