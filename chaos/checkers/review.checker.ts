import type { Checker } from "./checker.ts";

export const review: Checker = {
	promise: "P1",
	title: "No order waits for a human: the provider could be asked about every charge",
	looked: ({ orders }) => `${orders.length} orders`,
	violations: ({ orders }) =>
		orders
			.filter(({ status }) => status === "payment_review")
			.map(({ id }) => ({ what: "is in payment_review", order_id: id }))
};
