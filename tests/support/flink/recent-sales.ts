import type { Window } from "../../../contracts/analytics.ts";
import { keyOf, toMessage } from "../../../services/analytics/windows/window-messages.ts";
import { buildOrderEvent } from "../streams/order-message.ts";

/** Sales of 1.00 USD in minutes so many hours ago, and their windows. */

const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
const now = Math.floor(Date.now() / minuteMs) * minuteMs;

/** What another engine has published of a window. */
export type Known = Partial<Pick<Window, "orders" | "revision" | "final">>;

const startOf = (hoursAgo: number) => now - hoursAgo * hourMs;
export const keyAt = (hoursAgo: number) => keyOf({ start: startOf(hoursAgo), currency: "USD" });

export const messageOf = (
	hoursAgo: number,
	{ orders = 1, revision = 1, final = false }: Known = {}
) => {
	const totals = { orders, revenue: 100 * orders, users: 1, average: 100, revision, final };
	const event = toMessage({ start: startOf(hoursAgo), currency: "USD", ...totals }, Date.now());
	return { key: event.partitionkey, value: JSON.stringify(event) };
};

/** As the log took it. @param delayMs after the start of its minute */
export const saleOf = (hoursAgo: number, delayMs = 1000) => {
	const event = buildOrderEvent({ at: startOf(hoursAgo), total: 100 });
	const at = startOf(hoursAgo) + delayMs;
	return { at, key: event.partitionkey, value: JSON.stringify(event) };
};

export const salesOf = (hoursAgo: number, count: number) =>
	Array.from({ length: count }, () => saleOf(hoursAgo));
