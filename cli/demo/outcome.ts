import type { Window } from "../../contracts/analytics.ts";
import type { Order } from "../../contracts/order.ts";
import { format } from "../../lib/money.ts";

/** A message, as the shop lists it. */
export interface SentMessage {
	order_id: string | null;
	kind: string;
	state: string;
	/** RFC 3339. */
	occurred_at: string;
}

/** What came of the demo's traffic. */
export interface Outcome {
	orders: readonly Order[];
	/** About these orders alone. */
	messages: readonly SentMessage[];
	/** Of the minutes in which they were confirmed; may count orders of others too. */
	windows: readonly Window[];
	/** From the end of the last minute until it was told of. Undefined: it was not, in time. */
	emittedAfterMs: number | undefined;
}

/** `confirmed 3, cancelled 1`: the most frequent first. */
export function tallied(words: readonly string[]): string {
	const counts = Map.groupBy(words, word => word);
	return [...counts]
		.map(([word, all]) => [word.replaceAll("_", " "), all.length] as const)
		.sort(([, a], [, b]) => b - a)
		.map(([word, count]) => `${word} ${count}`)
		.join(", ");
}

/**
 * Orders that are sales for certain. One that was paid back may have been called off while it was paid
 * for, and then it was never one.
 */
export const sold = (orders: readonly Order[]) =>
	orders.filter(({ status }) => ["confirmed", "shipped", "delivered"].includes(status));

function windowLine({ window_start, currency, ...window }: Window): string {
	const { orders, revenue, unique_users, average_order_value } = window;
	const money = (amount: number) => format({ amount, currency });
	const words = `${orders} orders of ${unique_users} customers, ${money(revenue)}`;
	return `  ${window_start.slice(0, 16).replace("T", " ")}  ${words}, on average ${money(average_order_value)}`;
}

const word = ({ status, reason }: Order) => (reason ? `${status} (${reason})` : status);

/** For whoever reads it. */
export function summaryLines(outcome: Outcome, url: string): string[] {
	const { orders, messages, windows, emittedAfterMs } = outcome;
	const seconds = ((emittedAfterMs ?? 0) / 1000).toFixed(1);
	return [
		`orders    ${orders.length}: ${tallied(orders.map(word))}`,
		`messages  ${messages.length}: ${tallied(messages.map(({ kind }) => kind))}`,
		`          ${tallied(messages.map(({ state }) => state))}; see ${url}/dev/mailbox`,
		`windows   of one minute (UTC), as ${url}/api/v1/analytics/windows has them`,
		...windows.map(windowLine),
		...(emittedAfterMs === undefined
			? []
			: [`          the last window was emitted ${seconds} s after its end`])
	];
}

/** What is missing; none when every order's owner was written to. */
export function unsent(orders: readonly Order[], messages: readonly SentMessage[]): string[] {
	const notifiedOrders = new Set(messages.map(({ order_id }) => order_id));
	const notNotified = orders.filter(({ id }) => !notifiedOrders.has(id));
	const waiting = messages.filter(({ state }) => state === "pending");
	return [
		...(notNotified.length > 0
			? [`no message was sent for ${notNotified.length} orders, e.g. ${notNotified[0]!.id}`]
			: []),
		...(waiting.length > 0 ? [`${waiting.length} messages still wait to be sent`] : [])
	];
}

/** Orders in these minutes. */
export const counted = (windows: readonly Window[]) =>
	windows.reduce((sum, { orders }) => sum + orders, 0);

/** What does not add up; none when all is well. */
export function discrepancies({ orders, messages, windows, emittedAfterMs }: Outcome): string[] {
	const confirmed = sold(orders).length;
	return [
		...unsent(orders, messages),
		...(emittedAfterMs === undefined ? ["the last window was not emitted in time"] : []),
		...(counted(windows) < confirmed
			? [`${confirmed} orders were sold, and the windows count ${counted(windows)}`]
			: [])
	];
}
