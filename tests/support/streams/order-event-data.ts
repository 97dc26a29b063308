import { randomUUID } from "node:crypto";
import {
	schemaOf,
	type OrderEventData,
	type OrderEventType,
	type OrderStreamEvent
} from "../../../contracts/events.ts";
import { statusOfEvent } from "../../../contracts/order-status.ts";
import { newId } from "../../../lib/id.ts";

const usd = (amount: number) => ({ amount, currency: "USD" });

const shipment = { carrier: "UPS", tracking_number: "1Z 999 AA1" };

const refundId = "0193a1c2-7b1e-7f00-8000-0000000000bb";
const dispute = { ref: "dp_1", amount: usd(8438), reason: "fraudulent" };

/** What events of this type contain beyond the order itself. */
function detailsOf(type: OrderEventType): Partial<OrderEventData> {
	const items = [{ product_id: "prod-001", quantity: 1, amount: usd(3310) }];
	const back = { id: "0193a1c2-7b1e-7f00-8000-0000000000aa", items, refunded: null };
	switch (type) {
		case "order.rejected":
			return { reason: "out_of_stock" };
		case "order.cancelled":
			return { reason: "requested" };
		case "order.shipped":
		case "order.shipment_corrected":
		case "order.delivered":
			return { shipment };
		case "order.return_requested":
		case "order.return_rejected":
			return { shipment, return: back };
		case "order.returned":
			return { shipment, return: { ...back, refunded: usd(3310) } };
		case "order.refund_issued":
			return { refund: { id: refundId, origin: "staff", amount: usd(1000) } };
		case "order.refund_failed":
			return { refund: { id: refundId, origin: "order", amount: usd(8438) } };
		case "order.dispute_opened":
			return { dispute: { ...dispute, status: "open" } };
		case "order.dispute_closed":
			return { dispute: { ...dispute, status: "lost" } };
		default:
			return {};
	}
}

/** The data of an event about an order of two products. */
export function sampleOrderEventData(
	type: OrderEventType,
	changes: Partial<OrderEventData> = {}
): OrderEventData {
	const items = [
		{ product_id: "prod-001", name: "Laptop Stand", quantity: 2, unit_price: usd(2999) },
		{ product_id: "prod-002", name: "USB-C Cable", quantity: 1, unit_price: usd(1299) }
	];
	const totals = { subtotal: usd(7297), shipping: usd(499), tax: usd(642), total: usd(8438) };
	return {
		order_id: randomUUID(),
		user_id: "user-123",
		status: statusOfEvent(type),
		reason: null,
		items,
		totals,
		total: totals.total,
		...detailsOf(type),
		...changes
	};
}

/** An event as in the log. */
export function sampleOrderEvent(
	type: OrderEventType,
	changes: Partial<OrderEventData> = {},
	envelope: Partial<OrderStreamEvent> = {}
): OrderStreamEvent {
	const data = sampleOrderEventData(type, changes);
	return {
		specversion: "1.0",
		id: newId(),
		source: "/orders",
		type,
		subject: data.order_id,
		time: new Date().toISOString(),
		datacontenttype: "application/json",
		dataschema: schemaOf(type),
		partitionkey: data.user_id,
		sequence: "3",
		data,
		...envelope
	};
}
