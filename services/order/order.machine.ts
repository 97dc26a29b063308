import type { OrderEventType } from "../../contracts/events.ts";
import {
	eventTypeOf,
	isInternal,
	type InternalStatus,
	type OrderStatus
} from "../../contracts/order-status.ts";
import type { PaymentNotice } from "../../contracts/payment.ts";
import { fail } from "../../lib/errors.ts";

/** Allowed transitions from each status. README's diagram is generated from this table. */
export const transitions = {
	pending: ["payment_pending", "cancelled"],
	payment_pending: ["confirmed", "payment_failed", "payment_review", "cancelled", "refund_pending"],
	confirmed: ["shipped", "refund_pending"],
	shipped: ["delivered"],
	delivered: ["return_requested"],
	cancelled: [],
	payment_failed: [],
	payment_review: ["confirmed", "payment_failed", "cancelled", "refund_pending"],
	refund_pending: ["refunded"],
	// A refund may come back from the customer's bank; then it is owed again.
	refunded: ["refund_pending"],
	return_requested: ["returned", "return_rejected"],
	// Other lines may be returned later.
	returned: ["return_requested"],
	return_rejected: ["return_requested"]
} as const satisfies Record<OrderStatus, readonly OrderStatus[]>;

/** Why an order was cancelled. A customer's own reason is in the history instead. */
export type CancelReason = RejectReason | "requested" | "expired";

/** Why an order was rejected: the shop did not reserve its items. */
const rejectReasons = ["out_of_stock", "reservation_limit"] as const;
export type RejectReason = (typeof rejectReasons)[number];

export const isRejectReason = (reason: string | null): reason is RejectReason =>
	(rejectReasons as readonly (string | null)[]).includes(reason);

/** How history and events name a transition. Internal statuses are in the history, but are not published. */
type Naming =
	{ type: OrderEventType; published: true } | { type: `order.${InternalStatus}`; published: false };

/** A transition, as history and events have it. */
export type Transition = Naming & {
	from: OrderStatus;
	to: OrderStatus;
	reason: string | null;
};

/** Called after the commit with orders that have reached a status. */
export type OnTransition = (to: OrderStatus, count?: number) => void;

function namingOf(to: OrderStatus, reason: string | null): Naming {
	if (isInternal(to)) return { type: `order.${to}`, published: false };
	const isRejected = to === "cancelled" && isRejectReason(reason);
	return { type: isRejected ? "order.rejected" : eventTypeOf(to), published: true };
}

export function canTransition(from: OrderStatus, to: OrderStatus): boolean {
	return (transitions[from] as readonly OrderStatus[]).includes(to);
}

/** @throws ILLEGAL_TRANSITION for every pair that is not in the table */
export function transition(
	from: OrderStatus,
	to: OrderStatus,
	reason: string | null = null
): Transition {
	if (!canTransition(from, to))
		fail("ILLEGAL_TRANSITION", `An order that is ${from} cannot become ${to}`);
	return { from, to, reason, ...namingOf(to, reason) };
}

/** What happened to a payment without its order, and the status that the order has then. */
export function paymentTransition(status: OrderStatus, what: PaymentNotice["kind"]): Transition {
	const to = what === "refund_failed" && status === "refunded" ? "refund_pending" : status;
	return { from: status, to, reason: null, type: `order.${what}`, published: true };
}

/**
 * A parcel has another carrier or tracking number than was published.
 * @throws ILLEGAL_TRANSITION before it is shipped
 */
export function shipmentCorrection({
	status,
	shipment
}: {
	status: OrderStatus;
	shipment: object | null;
}): Transition {
	if (!shipment) fail("ILLEGAL_TRANSITION", `An order that is ${status} has no shipment`);
	return {
		from: status,
		to: status,
		reason: null,
		type: "order.shipment_corrected",
		published: true
	};
}

/** How a cancellation is done. */
export type CancelDecision = "ask_saga" | "refund" | "already";

/**
 * How an order is cancelled in each status. Before an outcome the saga is asked to reverse; a paid order is
 * refunded; a cancelled order is returned as it is; in other statuses it is refused.
 */
export const cancelDecisions: Readonly<Record<OrderStatus, CancelDecision | "refuse">> = {
	pending: "ask_saga",
	payment_pending: "ask_saga",
	confirmed: "refund",
	shipped: "refuse",
	delivered: "refuse",
	cancelled: "already",
	payment_failed: "refuse",
	payment_review: "ask_saga",
	refund_pending: "already",
	refunded: "already",
	return_requested: "refuse",
	returned: "refuse",
	return_rejected: "refuse"
};

/** @throws ILLEGAL_TRANSITION where the status refuses it */
export function decideCancel(status: OrderStatus): CancelDecision {
	const decision = cancelDecisions[status];
	return decision === "refuse"
		? fail("ILLEGAL_TRANSITION", `An order that is ${status} cannot be cancelled`)
		: decision;
}
