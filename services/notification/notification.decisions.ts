import type { OrderEventType, StaffEventType } from "../../contracts/events.ts";
import type { NotificationChannel, NotificationKind } from "../../contracts/notification.ts";
import { messageKindOf } from "../../contracts/order-status.ts";
import { backoffMs, withJitter } from "../../lib/backoff.ts";

/** Which channels send a message, and how failures are handled. */

export type FactType = OrderEventType | StaffEventType;

const staffKindOf: Readonly<Record<StaffEventType, NotificationKind>> = {
	"product.low_stock": "low_stock",
	"webhook.disabled": "webhook_disabled"
};

/** The kind of message about an event; null for events without a message. */
export const kindOf = (type: FactType): NotificationKind | null =>
	type in staffKindOf ? staffKindOf[type as StaffEventType] : messageKindOf(type as OrderEventType);

/** Channels that reach a person. */
export type PersonalChannel = Exclude<NotificationChannel, "sns_topic">;

export const defaultChannels: readonly PersonalChannel[] = ["email"];

/**
 * @param chosen by the user for this kind; undefined by default
 * @param offered configured channels
 */
export function channelsFor(
	chosen: readonly PersonalChannel[] = defaultChannels,
	offered: ReadonlySet<NotificationChannel>
): NotificationChannel[] {
	const wanted = new Set<NotificationChannel>([...chosen, "sns_topic"]);
	return [...wanted].filter(channel => offered.has(channel));
}

/** Why a message was refused. */
export interface Refusal {
	/**
	 * `throttled`: too many at once, for no fault of this message. `temporary`: a retry may work. `permanent`: it
	 * never will.
	 */
	kind: "throttled" | "temporary" | "permanent";
	reason: string;
	/** The provider's Retry-After. */
	retryAfterMs?: number;
}

/** The new state of a message. */
export type Outcome =
	| { state: "sent"; providerId: string }
	/** The user chose to get no such messages. */
	| { state: "skipped" | "parked"; reason: string }
	/** `counted` if it was an attempt. */
	| { state: "pending"; inMs: number; counted: boolean; reason: string | null };

/** From 5 s to an hour between attempts: some three days, as mail servers do (RFC 5321, 4.5.4.1). */
export const mostAttempts = 80;
const firstDelayMs = 5000;
const longestDelayMs = 3_600_000;
const throttledMs = 2000;

/**
 * @param attempts including this one
 * @param chance from 0 to 1, for jitter: messages that failed together are not retried together
 */
export function afterRefusal(refusal: Refusal, attempts: number, chance: number): Outcome {
	const { kind, reason, retryAfterMs } = refusal;
	if (kind === "permanent") return { state: "parked", reason };
	if (kind === "throttled") {
		const inMs = (retryAfterMs ?? 0) + withJitter(throttledMs, chance);
		return { state: "pending", inMs, counted: false, reason };
	}
	if (attempts >= mostAttempts) return { state: "parked", reason: `given up: ${reason}` };
	const inMs = withJitter(backoffMs(attempts, firstDelayMs, longestDelayMs), chance);
	return { state: "pending", inMs: Math.max(inMs, retryAfterMs ?? 0), counted: true, reason };
}
