import type { OrderEventType } from "../../../contracts/events.ts";
import { toMessage } from "../../../services/order/outbox/order.outbox.ts";
import { sampleOrderEventData } from "./order-event-data.ts";

export const goldenOrder = {
	order_id: "0193a1c2-7b1e-7f00-8000-000000000001",
	at: "2026-03-01T12:30:00.000Z"
} as const;

/** The message that the order service publishes about the order of the golden files. */
export function publishedOrderEvent(type: OrderEventType, epoch = 1) {
	const { order_id, at } = goldenOrder;
	const data = sampleOrderEventData(type, { order_id });
	return toMessage({
		id: 7,
		event_id: "0193a1c2-7b1e-7f00-8000-0000000000e1",
		order_id,
		type,
		version: 3,
		user_id: data.user_id,
		occurred_at: new Date(at),
		data: JSON.stringify(data),
		epoch,
		traceparent: null
	}).message;
}
