import type { OrderStreamEvent } from "../../../contracts/events.ts";
import type { Recorded } from "./recorded-orders.ts";

/** The windows of a recording, computed from all of it at once and without any code of the product. */

export interface ExpectedWindow {
	orders: number;
	revenue: number;
	unique_users: number;
	average_order_value: number;
}

export interface ExpectedResults {
	/** By key. */
	windows: Record<string, ExpectedWindow>;
	/** Ids of the events that came more than a day after the end of their minute, sorted. */
	late: string[];
}

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
const largest = 2n ** 53n - 1n;
const reversals = /^order\.(cancelled|refunded|returned|refund_issued|refund_failed)$/;

/** Half to even, by comparing twice the remainder with the divisor. */
function average(revenue: bigint, orders: bigint): number {
	const down = revenue / orders;
	const twice = 2n * (revenue - down * orders);
	const isUp = twice > orders || (twice === orders && down % 2n === 1n);
	return Number(isUp ? down + 1n : down);
}

const minuteOf = ({ time }: OrderStreamEvent) => Math.floor(Date.parse(time) / minuteMs) * minuteMs;

function windowOf(sales: readonly OrderStreamEvent[]): ExpectedWindow {
	const sum = sales.reduce((total, { data }) => total + BigInt(data.total.amount), 0n);
	const revenue = sum > largest ? largest : sum;
	return {
		orders: sales.length,
		revenue: Number(revenue),
		unique_users: new Set(sales.map(({ data }) => data.user_id)).size,
		average_order_value: average(revenue, BigInt(sales.length))
	};
}

export function expectedResults(recording: readonly Recorded[]): ExpectedResults {
	const arrivals = recording
		.filter(({ label }) => label === "event")
		.map(({ at, value }) => ({ at, event: JSON.parse(value!) as OrderStreamEvent }));
	const isLate = ({ at, event }: (typeof arrivals)[number]) =>
		at >= minuteOf(event) + minuteMs + dayMs;
	const isSale = ({ event }: (typeof arrivals)[number]) => event.type === "order.confirmed";
	const counted = arrivals.filter(each => isSale(each) && !isLate(each));
	const groups = Map.groupBy(
		counted.map(({ event }) => event),
		event => `${new Date(minuteOf(event)).toISOString()}/${event.data.total.currency}`
	);
	const late = arrivals.filter(
		each => isLate(each) && (isSale(each) || reversals.test(each.event.type))
	);
	return {
		windows: Object.fromEntries([...groups].map(([key, sales]) => [key, windowOf(sales)])),
		late: late.map(({ event }) => event.id.toLowerCase()).sort()
	};
}
