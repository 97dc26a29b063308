import type { OrderStatus } from "../../contracts/order-status.ts";
import { fail } from "../../lib/errors.ts";

/** Where an order may go from each state. README's picture is drawn from this table. */
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
	// Other lines may come back later.
	returned: ["return_requested"],
	return_rejected: ["return_requested"]
} as const satisfies Record<OrderStatus, readonly OrderStatus[]>;

/** Why an order was cancelled. A customer's own words are kept in the history instead. */
export type CancelReason = "out_of_stock" | "requested" | "expired";

/** One step in an order's life, as history and stream tell it. */
export interface Transition {
	from: OrderStatus;
	to: OrderStatus;
	reason: string | null;
	/** Name of the event, `order.…`. */
	type: string;
	/** False for steps only we care about; they stand in the history, not on the stream. */
	published: boolean;
}

/** Told of orders that have reached a state, after the commit. */
export type OnTransition = (to: OrderStatus, count?: number) => void;

/** States whose reaching is no news to the outside. */
export const internalStatuses: ReadonlySet<OrderStatus> = new Set([
	"payment_pending",
	"payment_review"
]);

function eventType(to: OrderStatus, reason: string | null): string {
	if (to === "cancelled" && reason === "out_of_stock") return "order.rejected";
	// A paid order that is called off: the customer hears "cancelled" now and "refunded" later.
	if (to === "refund_pending") return "order.cancelled";
	return `order.${to}`;
}

export function canTransition(from: OrderStatus, to: OrderStatus): boolean {
	return (transitions[from] as readonly OrderStatus[]).includes(to);
}

/** @throws ILLEGAL_TRANSITION for every pair that is not in the table, all alike */
export function transition(
	from: OrderStatus,
	to: OrderStatus,
	reason: string | null = null
): Transition {
	if (!canTransition(from, to))
		fail("ILLEGAL_TRANSITION", `An order that is ${from} cannot become ${to}`);
	return { from, to, reason, type: eventType(to, reason), published: !internalStatuses.has(to) };
}

/** What a wish to cancel means in each state. */
export type CancelDecision = "ask_saga" | "refund" | "already";

/**
 * Before an outcome the saga is asked to turn round; a paid order is paid back; an order that was
 * called off before is answered as it is. @throws ILLEGAL_TRANSITION when it is too late
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
