import { schemaOf, type OrderEventType, type OrderStreamEvent } from "../../../contracts/events.ts";
import { statusOfEvent } from "../../../contracts/order-status.ts";
import { newId } from "../../../lib/id.ts";

export interface OrderEventSpec {
	type?: OrderEventType;
	id?: string;
	order_id?: string;
	user_id?: string;
	/** Milliseconds since the epoch. */
	at?: number;
	currency?: string;
	/** Total of the order, in minor units. */
	total?: number;
	items?: readonly { product_id: string; quantity: number; unit_price: number }[];
	return?: OrderStreamEvent["data"]["return"];
	refund?: OrderStreamEvent["data"]["refund"];
}

/** An event as the order service publishes it; values that are not given are generated. */
export function buildOrderEvent(spec: OrderEventSpec = {}): OrderStreamEvent {
	const { type = "order.confirmed", user_id = "user-123", currency = "USD" } = spec;
	const { at = Date.now(), order_id = newId(), id = newId() } = spec;
	const items = spec.items ?? [{ product_id: "prod-001", quantity: 1, unit_price: 1000 }];
	const money = (amount: number) => ({ amount, currency });
	const goods = items.reduce((sum, item) => sum + item.quantity * item.unit_price, 0);
	const total = money(spec.total ?? goods);
	return {
		specversion: "1.0",
		id,
		source: "/orders",
		type,
		subject: order_id,
		time: new Date(at).toISOString(),
		datacontenttype: "application/json",
		dataschema: schemaOf(type),
		partitionkey: user_id,
		sequence: "2",
		data: {
			order_id,
			user_id,
			status: statusOfEvent(type),
			reason: null,
			items: items.map(item => ({
				...item,
				name: `Product ${item.product_id}`,
				unit_price: money(item.unit_price)
			})),
			totals: { subtotal: money(goods), shipping: money(0), tax: money(0), total },
			total,
			...(spec.return && { return: spec.return }),
			...(spec.refund && { refund: spec.refund })
		}
	};
}
