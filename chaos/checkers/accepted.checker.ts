import type { Evidence } from "../evidence/evidence.ts";
import { settledStatuses } from "../../contracts/order-status.ts";
import type { Checker } from "./checker.ts";

/** Orders that a client got a 2xx response for. */
function acceptedIds({ outcomes }: Pick<Evidence, "outcomes">): Set<string> {
	return new Set(
		outcomes.filter(({ op, phase }) => op === "place" && phase === "ok").map(o => o.order_id!)
	);
}

export const accepted: Checker = {
	promise: "P1",
	title: "Every order that was answered 201 is stored and settles",
	examined: evidence => `${acceptedIds(evidence).size} accepted orders`,
	violations: evidence => {
		const found = new Map(evidence.orders.map(order => [order.id, order]));
		const lost = [...acceptedIds(evidence)]
			.filter(id => !found.has(id))
			.map(id => ({ what: "was answered 201 and is missing", order_id: id }));
		const restless = evidence.orders
			.filter(({ status }) => !settledStatuses.has(status))
			.map(({ id, status }) => ({ what: `is still ${status}`, order_id: id }));
		const open = evidence.open.map(({ order_id, step, attempt, last_error }) => ({
			what: `still has a saga (${step}, attempt ${attempt}: ${last_error ?? "no error"})`,
			order_id
		}));
		return [...lost, ...restless, ...open];
	}
};
