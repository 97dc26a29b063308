import { oneOf } from "../lib/schema.ts";
import type { NotificationKind } from "./notification.ts";

/**
 * What each status of an order implies. The lists below, the contract's enums, the machine, the messages to
 * customers, and the expectations of the verifiers and the chaos checkers follow from this table and the next.
 *
 * - `money`: `undecided` while a charge may still happen; `unpaid` when none happened or will;
 *   `paid` while the customer has been charged and not refunded in full; `refunding`, `refunded`.
 * - `next`: who makes the next step. `shop`: the saga does, by itself. `staff`: they decide. `none`: the order
 *   is settled, and nothing more happens to it unless somebody requests it.
 */
const statuses = {
	pending: { money: "undecided", next: "shop" },
	payment_pending: { money: "undecided", next: "shop" },
	confirmed: { money: "paid", next: "none" },
	shipped: { money: "paid", next: "none" },
	delivered: { money: "paid", next: "none" },
	cancelled: { money: "unpaid", next: "none" },
	payment_failed: { money: "unpaid", next: "none" },
	payment_review: { money: "undecided", next: "staff" },
	refund_pending: { money: "refunding", next: "shop" },
	refunded: { money: "refunded", next: "none" },
	return_requested: { money: "paid", next: "staff" },
	returned: { money: "paid", next: "none" },
	return_rejected: { money: "paid", next: "none" }
} as const satisfies Record<string, { money: string; next: "shop" | "staff" | "none" }>;

export type OrderStatus = keyof typeof statuses;
type Facts = (typeof statuses)[OrderStatus];

/** What is published about a status. */
export type Publication =
	/** An internal status: it is in the history, and is not published. */
	| { event: null }
	/** The type of its event, and the kind of message that the customer gets; null for no message. */
	| { event: `order.${string}`; message: NotificationKind | null };

/** What is published about each status. Where two have one type, they have one kind of message. */
export const publications = {
	pending: { event: "order.created", message: null },
	payment_pending: { event: null },
	confirmed: { event: "order.confirmed", message: "order_confirmation" },
	shipped: { event: "order.shipped", message: "shipment" },
	delivered: { event: "order.delivered", message: "delivery" },
	cancelled: { event: "order.cancelled", message: "cancellation" },
	payment_failed: { event: "order.payment_failed", message: "payment_failure" },
	payment_review: { event: null },
	// A paid order that is cancelled: the customer gets "cancelled" now and "refunded" later.
	refund_pending: { event: "order.cancelled", message: "cancellation" },
	refunded: { event: "order.refunded", message: "refund" },
	return_requested: { event: "order.return_requested", message: "return" },
	returned: { event: "order.returned", message: "return" },
	return_rejected: { event: "order.return_rejected", message: "return" }
} as const satisfies Record<OrderStatus, Publication>;

/**
 * Events that leave the status of an order as it is, except that a refunded order is refunded again when its refund
 * came back. `status` is one that an order may have then.
 */
const sameStatusEvents = {
	/** The parcel has another carrier or tracking number than was published. */
	"order.shipment_corrected": { message: "shipment", status: "shipped" },
	/** Staff, or somebody at the payment provider, refunded a part or all of it. */
	"order.refund_issued": { message: "refund", status: "confirmed" },
	/** A refund was made and came back from the customer's bank: it is still owed. */
	"order.refund_failed": { message: "refund", status: "refund_pending" },
	/** The customer's bank takes the money back. Staff get the message, not the customer. */
	"order.dispute_opened": { message: "dispute", status: "confirmed" },
	"order.dispute_closed": { message: "dispute", status: "confirmed" }
} as const satisfies Record<
	`order.${string}`,
	{ message: NotificationKind; status: PublishedStatus }
>;
export type SameStatusEventType = keyof typeof sameStatusEvents;
export const sameStatusEventTypes = Object.keys(sameStatusEvents) as SameStatusEventType[];

type Publications = typeof publications;
/** Statuses that are not published. */
export type InternalStatus = {
	[S in OrderStatus]: Publications[S]["event"] extends null ? S : never;
}[OrderStatus];
export type PublishedStatus = Exclude<OrderStatus, InternalStatus>;

/** The only type that no status states: an order that is cancelled because its items were not reserved. */
const rejected = "order.rejected";
type EventType = Publications[PublishedStatus]["event"] | typeof rejected | SameStatusEventType;
/** Types of events that customers get no message about. */
export type SilentEventType = Extract<Publications[PublishedStatus], { message: null }>["event"];

export const orderStatuses = Object.keys(statuses) as OrderStatus[];
export const OrderStatus = oneOf(orderStatuses);

export const isInternal = (status: OrderStatus): status is InternalStatus =>
	publications[status].event === null;

/** The type of the event about a published status. */
export const eventTypeOf = (status: PublishedStatus) => publications[status].event;

const publishedStatuses = orderStatuses.filter(status => !isInternal(status)) as PublishedStatus[];

/** Types of events. */
export const orderEventTypes: readonly EventType[] = [
	...new Set(publishedStatuses.map(eventTypeOf)),
	rejected,
	...sameStatusEventTypes
];

const keepsStatus = (type: string): type is SameStatusEventType =>
	Object.hasOwn(sameStatusEvents, type);

/** The status that an event is about: the first one with its type. */
export function statusOfEvent(type: EventType): PublishedStatus {
	if (keepsStatus(type)) return sameStatusEvents[type].status;
	if (type === rejected) return "cancelled";
	return publishedStatuses.find(status => eventTypeOf(status) === type)!;
}

const messageKinds: ReadonlyMap<string, NotificationKind | null> = new Map(
	orderEventTypes.map(type => [
		type,
		keepsStatus(type) ? sameStatusEvents[type].message : publications[statusOfEvent(type)].message
	])
);

/** The kind of message that the customer gets about an event; null for none. */
export const messageKindOf = (type: EventType): NotificationKind | null =>
	messageKinds.get(type) ?? null;

const where = (fits: (facts: Facts) => boolean): ReadonlySet<string> =>
	new Set(orderStatuses.filter(status => fits(statuses[status])));

/** The customer has been charged and has not been refunded in full. */
export const paidStatuses = where(({ money }) => money === "paid");
/** No money was taken, and none will be. */
export const unpaidStatuses = where(({ money }) => money === "unpaid");
/** A charge may still happen, so it is not decided yet whether the order succeeds. */
export const undecidedStatuses = where(({ money }) => money === "undecided");
/**
 * Statuses for which `wait_s` goes on waiting: the saga decides them by itself. `payment_review` is not one of
 * them, because staff decide it.
 */
export const awaitedStatuses = where(({ money, next }) => money === "undecided" && next === "shop");
/** The saga makes the next step by itself. */
export const inProgressStatuses = where(({ next }) => next === "shop");
/** Nothing more happens to the order unless somebody requests it. */
export const settledStatuses = where(({ next }) => next === "none");
