import { paidStatuses } from "../../contracts/order-status.ts";
import type { OrderFact } from "../evidence/evidence.ts";
import type { Checker } from "./checker.ts";

export const stock: Checker = {
	promise: "P2",
	title: "Stock counters equal their ledger and the open reservations, and nothing is sold twice",
	examined: ({ samples, sold }) => `${samples} samples of all products, ${sold.length} sold`,
	violations: ({ brokenStock, reserved, sold, expiredReservations, orders }) => {
		const broken = brokenStock.map(({ at, ...counters }) => ({
			what: `${JSON.stringify(counters)} at ${at.toISOString()}`
		}));
		const kept = reserved.map(({ product_id, reserved: units }) => ({
			what: `${units} units of ${product_id} are reserved though no order is in progress`
		}));
		// An order locks its units at once, and locked units never expire.
		const expired = expiredReservations.map(({ order_id, product_id }) => ({
			what: `its reservation of ${product_id} expired while the order was in progress`,
			order_id
		}));
		const bought = new Map<string, number>();
		const count = (items: OrderFact["items"], sign: 1 | -1) => {
			for (const { product_id, quantity } of items)
				bought.set(product_id, (bought.get(product_id) ?? 0) + sign * quantity);
		};
		for (const { status, items, returned } of orders) {
			if (paidStatuses.has(status)) count(items, 1);
			count(returned.items, -1);
		}
		const left = new Map(sold.map(({ product_id, units }) => [product_id, units]));
		const differ = [...new Set([...bought.keys(), ...left.keys()])]
			.filter(id => (bought.get(id) ?? 0) !== (left.get(id) ?? 0))
			.map(id => ({
				what: `${left.get(id) ?? 0} units of ${id} were sold for ${bought.get(id) ?? 0} that were paid for`
			}));
		return [...broken, ...kept, ...expired, ...differ];
	}
};
