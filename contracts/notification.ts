import { contract, nullable, oneOf, strictObject, T, type Static } from "../lib/schema.ts";
import { Instant, ready, Uuid } from "./values.ts";

/** What people are told about; a user chooses per kind how. */
export const notificationKinds = [
	"order_confirmation",
	"payment_failure",
	"cancellation",
	"shipment",
	"delivery",
	"refund",
	"return",
	"low_stock"
] as const;
export const NotificationKind = oneOf(notificationKinds);
export type NotificationKind = Static<typeof NotificationKind>;

/** `cascade`: a topic that other systems follow. It is no user's to choose. */
export const notificationChannels = ["email", "sms", "cascade"] as const;
export const NotificationChannel = oneOf(notificationChannels);
export type NotificationChannel = Static<typeof NotificationChannel>;

export const NotificationState = oneOf(["pending", "sent", "skipped", "parked"], {
	description:
		"`skipped`: there is no way to reach the reader; `parked`: it was refused for good, or too often"
});
export type NotificationState = Static<typeof NotificationState>;

const entry = {
	id: Uuid,
	channel: oneOf(["email", "sms"]),
	to: T.String({ description: "An e-mail address or a phone number" }),
	type: T.String({ description: "What it tells of: the type of an event" }),
	order_id: nullable(Uuid),
	subject: nullable(T.String()),
	received_at: Instant
};
export const MailboxEntry = strictObject(entry, { title: "MailboxEntry" });
export type MailboxEntry = Static<typeof MailboxEntry>;

/** A message as it would have gone out. A text message has neither subject nor HTML. */
export const MailboxMessage = strictObject(
	{ ...entry, html: nullable(T.String()), text: T.String() },
	{ title: "MailboxMessage" }
);
export type MailboxMessage = Static<typeof MailboxMessage>;

export const notification = contract("notification", { ready });
