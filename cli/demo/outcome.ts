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

/** Results of the demo's traffic. */
export interface Outcome {
	orders: readonly Order[];
	/** About these orders alone. */
	messages: readonly SentMessage[];
	/** Windows of the minutes in which they were confirmed; may count other orders too. */
	windows: readonly Window[];
	/** From the end of the last minute until its window was emitted. Undefined: not in time. */
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
 * Orders that are certainly sales. A refunded one may have been cancelled during the payment, and was then
 * never confirmed.
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

/** The results as text. */
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

/** Missing messages; none when every order's owner was notified. */
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

/** Inconsistencies; none when all is well. */
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
