import { unpaidStatuses } from "../../contracts/order-status.ts";
import type { Checker } from "./checker.ts";
import type { Evidence } from "../evidence/evidence.ts";

const shownAsUnpaid = ({ outcomes }: Evidence) =>
	new Map(
		outcomes
			.filter(({ order_status: shown, order_id }) => order_id && unpaidStatuses.has(shown ?? ""))
			.map(({ order_id, order_status: shown }) => [order_id!, shown!])
	);

export const noChargeWhenUnpaid: Checker = {
	promise: "P8",
	title: "No order shown as failed or cancelled is charged",
	examined: evidence => `${shownAsUnpaid(evidence).size} orders shown as failed or cancelled`,
	violations: evidence => {
		const shown = shownAsUnpaid(evidence);
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
