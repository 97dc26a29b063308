import type { OrderStreamEvent } from "../../../contracts/events.ts";
import { timesCapped } from "../../../lib/money.ts";
import type { Fact, Reversal } from "./tally.window.ts";

/** The sales data of an order event, with the event itself. */
export type EventFact = Fact & { event: OrderStreamEvent };

const reversals: Partial<Record<OrderStreamEvent["type"], Reversal["type"]>> = {
	"order.cancelled": "cancelled",
	"order.refunded": "refunded",
	"order.returned": "returned"
};

/** For a return the refunded amount; for other reversals the whole order. */
function amountOf({ type, data }: OrderStreamEvent): number {
	return type === "order.returned" ? (data.return?.refunded?.amount ?? 0) : data.total.amount;
}

/** Undefined for events that are neither a sale nor a reversal. */
export function factOf(event: OrderStreamEvent, at: number): EventFact | undefined {
	const { type, data } = event;
	const { currency } = data.total;
	if (type !== "order.confirmed") {
		const reversal = reversals[type];
		return (
			reversal && { kind: "reversal", at, currency, type: reversal, amount: amountOf(event), event }
		);
	}
	const lines = data.items.map(({ product_id, quantity, unit_price }) => ({
		product_id,
		units: quantity,
		revenue: timesCapped(unit_price.amount, quantity)
	}));
	const { user_id, total } = data;
	return { kind: "sale", at, currency, user_id, revenue: total.amount, lines, event };
}
