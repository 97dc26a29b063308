import type { Checker } from "./checker.ts";

export const review: Checker = {
	promise: "P1",
	title: "No order is left in payment_review",
	examined: ({ orders }) => `${orders.length} orders`,
	violations: ({ orders }) =>
		orders
			.filter(({ status }) => status === "payment_review")
			.map(({ id }) => ({ what: "is in payment_review", order_id: id }))
};
