import type { Checker } from "./checker.ts";

export const messages: Checker = {
	promise: "P3",
	title: "Every webhook of the provider was stored, even if late, repeated or out of order",
	examined: ({ messages: { happened, answered, taken } }) =>
		`${happened} webhooks, ${answered} times answered 2xx, ${taken} stored`,
	violations: ({ messages: { happened, taken } }) =>
		taken === happened ? [] : [{ what: `${happened} webhooks were sent and ${taken} stored` }]
};
