import type { OrderStreamEvent } from "../../../contracts/events.ts";
import { timesCapped } from "../../../lib/money.ts";
import type { Fact, Reversal } from "./tally.window.ts";

/** The sales data of an order event, with the event itself. */
export type EventFact = Fact & { event: OrderStreamEvent };

const reversals: Partial<Record<OrderStreamEvent["type"], Reversal["type"]>> = {
	"order.cancelled": "cancelled",
	"order.refunded": "refunded",
	"order.refund_issued": "refunded",
	"order.refund_failed": "refunded",
	"order.returned": "returned"
};

/** For a return or one refund its amount; for other reversals the whole order. A refund that came back is taken off. */
function amountOf({ type, data }: OrderStreamEvent): number {
	if (type === "order.returned") return data.return?.refunded?.amount ?? 0;
	const amount = data.refund?.amount.amount ?? data.total.amount;
	return type === "order.refund_failed" ? -amount : amount;
}

/** Undefined for events that are neither a sale nor a reversal. */
export function factOf(event: OrderStreamEvent, at: number): EventFact | undefined {
	const { type, data } = event;
	const { currency } = data.total;
	if (type !== "order.confirmed") {
		const reversal = reversals[type];
		const count = type === "order.refund_failed" ? -1 : 1;
		const amount = amountOf(event);
		return reversal && { kind: "reversal", at, currency, type: reversal, count, amount, event };
	}
	const lines = data.items.map(({ product_id, quantity, unit_price }) => ({
		product_id,
		units: quantity,
		revenue: timesCapped(unit_price.amount, quantity)
	}));
	const { user_id, total } = data;
	return { kind: "sale", at, currency, user_id, revenue: total.amount, lines, event };
}
