import type { Evidence } from "../evidence/evidence.ts";
import type { Checker, Violation } from "./checker.ts";

/** Codes of charges that the provider refuses because of its rules for currencies and amounts. */
const refusals = new Set(["amount_refused", "currency_refused"]);

/** The provider takes what the shop shows: no order fails by its currency, and each charge is over the shown total. */
export const currencies: Checker<Pick<Evidence, "orders" | "ledger">> = {
	promise: "P19",
	title:
		"The provider charged the total that the order shows, whatever its currency, and refused none for it",
	examined: ({ orders }) => {
		const counts = Map.groupBy(orders, ({ currency }) => currency);
		return [...counts].map(([currency, of]) => `${of.length} in ${currency}`).join(", ");
	},
	violations: ({ orders, ledger }) => {
		const found: Violation[] = orders
			.filter(({ reason }) => refusals.has(reason ?? ""))
			.map(({ id, reason, currency }) => ({
				order_id: id,
				what: `failed in ${currency}: ${reason}`
			}));
		const shown = new Map(orders.map(({ id, total, currency }) => [id, `${total} ${currency}`]));
		for (const { kind, order_id, amount, currency } of ledger)
			if (
				kind === "charge" &&
				shown.has(order_id) &&
				shown.get(order_id) !== `${amount} ${currency}`
			)
				found.push({
					order_id,
					what: `shows ${shown.get(order_id)}, the provider charged ${amount} ${currency}`
				});
		return found;
	}
};
