import type { OrderStatus } from "../../contracts/order-status.ts";
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
	refunded: [],
	return_requested: ["returned", "return_rejected"],
	// Other lines may be returned later.
	returned: ["return_requested"],
	return_rejected: ["return_requested"]
} as const satisfies Record<OrderStatus, readonly OrderStatus[]>;

/** Why an order was cancelled. A customer's own reason is in the history instead. */
export type CancelReason = "out_of_stock" | "requested" | "expired";

/** A transition, as history and events have it. */
export interface Transition {
	from: OrderStatus;
	to: OrderStatus;
	reason: string | null;
	/** Type of the event, `order.…`. */
	type: string;
	/** False for internal statuses; they are in the history, but are not published. */
	published: boolean;
}

/** Called after the commit with orders that have reached a status. */
export type OnTransition = (to: OrderStatus, count?: number) => void;

/** Statuses that are not published. */
export const internalStatuses: ReadonlySet<OrderStatus> = new Set([
	"payment_pending",
	"payment_review"
]);

function eventType(to: OrderStatus, reason: string | null): string {
	if (to === "cancelled" && reason === "out_of_stock") return "order.rejected";
	// A paid order that is cancelled: the customer gets "cancelled" now and "refunded" later.
	if (to === "refund_pending") return "order.cancelled";
	return `order.${to}`;
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
	return { from, to, reason, type: eventType(to, reason), published: !internalStatuses.has(to) };
}

/** How a cancellation is done in each status. */
export type CancelDecision = "ask_saga" | "refund" | "already";

/**
 * Before an outcome the saga is asked to reverse; a paid order is refunded; a cancelled order is returned as
 * it is. @throws ILLEGAL_TRANSITION when it is too late
 */
export function decideCancel(status: OrderStatus): CancelDecision {
	switch (status) {
		case "pending":
		case "payment_pending":
		case "payment_review":
			return "ask_saga";
		case "confirmed":
			return "refund";
		case "cancelled":
		case "refund_pending":
		case "refunded":
			return "already";
		default:
			return fail("ILLEGAL_TRANSITION", `An order that is ${status} cannot be cancelled`);
	}
}
