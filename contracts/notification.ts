import { contract, oneOf, type Static } from "../lib/schema.ts";
import { ready } from "./values.ts";

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

export const notification = contract("notification", { ready });
