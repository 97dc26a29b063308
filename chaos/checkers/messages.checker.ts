import type { Checker } from "./checker.ts";

export const messages: Checker = {
	promise: "P3",
	title: "Every message of the provider came through, however late, often and out of order",
	examined: ({ messages: { happened, answered, taken } }) =>
		`${happened} messages, ${answered} times answered 2xx, ${taken} taken`,
	violations: ({ messages: { happened, taken } }) =>
		taken === happened ? [] : [{ what: `${happened} messages were sent and ${taken} taken` }]
};
