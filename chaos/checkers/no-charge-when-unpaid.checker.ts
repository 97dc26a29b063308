import { unpaidStatuses } from "../../contracts/order-status.ts";
import type { Checker } from "./checker.ts";
import type { Evidence } from "../evidence/evidence.ts";

const told = ({ outcomes }: Evidence) =>
	new Map(
		outcomes
			.filter(({ shown, order_id }) => order_id && unpaidStatuses.has(shown ?? ""))
			.map(({ order_id, shown }) => [order_id!, shown!])
	);

export const toldUnpaid: Checker = {
	promise: "P8",
	title: "Nobody is told that an order failed or was called off unpaid, and is charged for it",
	looked: evidence => `${told(evidence).size} orders shown as failed or called off`,
	violations: evidence => {
		const shown = told(evidence);
		return evidence.ledger
			.filter(
				({ kind, succeeded, order_id }) => kind === "charge" && succeeded && shown.has(order_id)
			)
			.map(({ order_id, amount, at }) => ({
				what: `was shown as ${shown.get(order_id)} and charged ${amount} (${at})`,
				order_id
			}));
	}
};
