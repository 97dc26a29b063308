import { oneOf } from "../lib/schema.ts";

/**
 * What each status of an order implies, one row per status. The lists below, the contract's enum and the
 * expectations of the verifiers and the chaos checkers about money and stock follow from this table.
 *
 * - `money`: `undecided` while a charge may still happen; `unpaid` when none happened or will;
 *   `paid` while the customer has been charged and not refunded in full; `refunding`, `refunded`.
 * - `settled`: nothing more happens to the order unless somebody requests it.
 */
const statuses = {
	pending: { money: "undecided", settled: false },
	payment_pending: { money: "undecided", settled: false },
	confirmed: { money: "paid", settled: true },
	shipped: { money: "paid", settled: true },
	delivered: { money: "paid", settled: true },
	cancelled: { money: "unpaid", settled: true },
	payment_failed: { money: "unpaid", settled: true },
	payment_review: { money: "undecided", settled: false },
	refund_pending: { money: "refunding", settled: false },
	refunded: { money: "refunded", settled: true },
	return_requested: { money: "paid", settled: false },
	returned: { money: "paid", settled: true },
	return_rejected: { money: "paid", settled: true }
} as const satisfies Record<string, { money: string; settled: boolean }>;

export type OrderStatus = keyof typeof statuses;
type Money = (typeof statuses)[OrderStatus]["money"];

export const orderStatuses = Object.keys(statuses) as OrderStatus[];
export const OrderStatus = oneOf(orderStatuses);

const withMoney = (money: Money): ReadonlySet<string> =>
	new Set(orderStatuses.filter(status => statuses[status].money === money));

/** The customer has been charged and has not been refunded in full. */
export const paidStatuses = withMoney("paid");
/** No money was taken, and none will be. */
export const unpaidStatuses = withMoney("unpaid");
/** Nothing more happens to the order unless somebody requests it. */
export const settledStatuses: ReadonlySet<string> = new Set(
	orderStatuses.filter(status => statuses[status].settled)
);
