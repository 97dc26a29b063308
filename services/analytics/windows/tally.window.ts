import { addCapped } from "../../../lib/money.ts";
import { isFinal, startOf, type Key } from "./tumbling.window.ts";

/** A confirmed order. `revenue` is its total, including tax and shipping. */
export interface Sale {
	kind: "sale";
	at: number;
	currency: string;
	user_id: string;
	revenue: number;
	lines: readonly SaleLine[];
}

/** `revenue` is the price of the items, without tax and shipping. */
export interface SaleLine {
	product_id: string;
	units: number;
	revenue: number;
}

/** A cancelled order, or a refund. */
export interface Reversal {
	kind: "reversal";
	at: number;
	currency: string;
	type: "cancelled" | "refunded" | "returned";
	/** -1 for one that came back: then the amount is negative too. */
	count: 1 | -1;
	amount: number;
}

export type Fact = Sale | Reversal;

/** Sums of some facts by window, and the users in each. Sums of money are at most 2^53 - 1 (`addCapped`). */
export interface Tally<F extends Fact = Fact> {
	windows: (Key & { orders: number; revenue: number })[];
	users: (Key & { user_id: string })[];
	products: (Key & { product_id: string; orders: number; units: number; revenue: number })[];
	reversals: (Key & { type: Reversal["type"]; orders: number; amount: number })[];
	/** Facts of windows that are final. */
	late: F[];
}

function rowOf<R>(rows: Map<string, R>, key: string, first: () => R): R {
	let row = rows.get(key);
	if (!row) rows.set(key, (row = first()));
	return row;
}

/** In one order everywhere, so that concurrent transactions on such rows do not deadlock. */
function sorted<R>(rows: Map<string, R>): R[] {
	return [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
}

/** Sums facts by window. @param watermark undefined before the first */
export function tally<F extends Fact>(facts: readonly F[], watermark = -Infinity): Tally<F> {
	const windows = new Map<string, Tally["windows"][number]>();
	const users = new Map<string, Tally["users"][number]>();
	const products = new Map<string, Tally["products"][number]>();
	const reversals = new Map<string, Tally["reversals"][number]>();
	const late: F[] = [];

	const sell = (key: string, of: Key, { user_id, revenue, lines }: Sale) => {
		const window = rowOf(windows, key, () => ({ ...of, orders: 0, revenue: 0 }));
		window.orders++;
		window.revenue = addCapped(window.revenue, revenue);
		rowOf(users, `${key} ${user_id}`, () => ({ ...of, user_id }));
		for (const { product_id, units, revenue } of lines) {
			const first = () => ({ ...of, product_id, orders: 0, units: 0, revenue: 0 });
			const product = rowOf(products, `${key} ${product_id}`, first);
			product.orders++;
			product.units += units;
			product.revenue = addCapped(product.revenue, revenue);
		}
	};
	const reverse = (key: string, of: Key, { type, count, amount }: Reversal) => {
		const reversal = rowOf(reversals, `${key} ${type}`, () => ({
			...of,
			type,
			orders: 0,
			amount: 0
		}));
		reversal.orders += count;
		reversal.amount = addCapped(reversal.amount, amount);
	};

	for (const fact of facts) {
		const window = { start: startOf(fact.at), currency: fact.currency };
		const key = `${window.start} ${window.currency}`;
		if (isFinal(window.start, watermark)) late.push(fact);
		else if (fact.kind === "sale") sell(key, window, fact);
		else reverse(key, window, fact);
	}
	return {
		windows: sorted(windows),
		users: sorted(users),
		products: sorted(products),
		reversals: sorted(reversals),
		late
	};
}
