import type { Checker } from "./checker.ts";

/** What `npm run verify` finds: rows that contradict each other. */
export const records: Checker = {
	promise: "P15",
	title: "Every step of every order has its history and its event, and stock agrees with them",
	examined: ({ orders }) => `the histories of ${orders.length} orders`,
	violations: ({ contradictions }) =>
		contradictions.map(what => {
			const order_id = /^order ([0-9a-f-]{36})/.exec(what)?.[1];
			return order_id ? { what, order_id } : { what };
		})
};
