import type {
	Address,
	Order,
	OrderEvent,
	OrderItem,
	OrderSnapshot,
	Return
} from "../../../contracts/order.ts";
import type { OrderStatus } from "../../../contracts/order-status.ts";
import type { OrderEventData } from "../../../contracts/events.ts";
import type { Actor } from "../../../lib/identity.ts";
import type { Transition } from "../order.machine.ts";

/** An order as its table holds it. */
export interface OrderRow {
	id: string;
	user_id: string;
	status: OrderStatus;
	reason: string | null;
	items: OrderItem[];
	shipping_address: Address;
	payment_method: string;
	currency: string;
	subtotal_minor: number;
	shipping_minor: number;
	tax_minor: number;
	total_minor: number;
	shipment: Order["shipment"];
	version: number;
	created_at: Date;
	updated_at: Date;
}

type Amount = OrderItem["unit_price"];

const toMoney = ({ amount, currency }: Amount): Amount => ({ amount, currency });

/** jsonb keeps members by length of name; an answer has them in the contract's order, always. */
function toItem(item: OrderItem): OrderItem {
	const { product_id, name, quantity, unit_price, line_total } = item;
	return {
		product_id,
		name,
		quantity,
		unit_price: toMoney(unit_price),
		line_total: toMoney(line_total)
	};
}

const toAddress = ({ street, city, state, zip, country }: Address): Address => ({
	street,
	city,
	state,
	zip,
	country
});

/** The representation. Its payment is asked of the payment service, which alone knows it. */
export function toOrder(row: OrderRow): Order {
	const money = (amount: number) => ({ amount, currency: row.currency });
	return {
		id: row.id,
		user_id: row.user_id,
		status: row.status,
		reason: row.reason,
		items: row.items.map(toItem),
		totals: {
			subtotal: money(row.subtotal_minor),
			shipping: money(row.shipping_minor),
			tax: money(row.tax_minor),
			total: money(row.total_minor)
		},
		shipping_address: toAddress(row.shipping_address),
		payment: null,
		shipment: row.shipment && {
			carrier: row.shipment.carrier,
			tracking_number: row.shipment.tracking_number
		},
		version: row.version,
		created_at: row.created_at.toISOString(),
		updated_at: row.updated_at.toISOString()
	};
}

/** A row of the history. */
export interface HistoryRow {
	order_id: string;
	version: number;
	type: string;
	from_status: OrderStatus | null;
	to_status: OrderStatus;
	reason: string | null;
	actor: Actor;
	at: Date;
	snapshot: OrderSnapshot;
}

export function toEvent({ from_status, to_status, at, ...row }: HistoryRow): OrderEvent {
	return {
		version: row.version,
		type: row.type,
		from: from_status,
		to: to_status,
		reason: row.reason,
		actor: row.actor,
		at: at.toISOString(),
		snapshot: row.snapshot
	};
}

/** The order as the last of these rows left it. @param rows from the first version on */
export function orderFromHistory(rows: readonly HistoryRow[]): Order {
	const [first, last] = [rows[0]!, rows.at(-1)!];
	const placed = first.snapshot as Draft;
	// Members keep their places, so the answer has the bytes it had then.
	const { status, reason, shipment } = last.snapshot;
	return {
		...withTimes(placed, first.at),
		status,
		reason,
		shipment,
		version: last.version,
		updated_at: last.at.toISOString()
	};
}

/** An order that is being placed: everything but the times, which the database will give. */
export type Draft = Omit<Order, "created_at" | "updated_at">;

export function withTimes(draft: Draft, at: Date): Order {
	return { ...draft, created_at: at.toISOString(), updated_at: at.toISOString() };
}

/** What the stream tells of a return. */
export type ReturnEventData = Pick<Return, "id" | "items"> & { refunded?: Return["refunded"] };

/** What the stream tells of a transition: ids, items and totals, no personal data. */
export function eventData(
	order: Draft,
	{ to, reason }: Pick<Transition, "to" | "reason">,
	returning?: ReturnEventData | null
): OrderEventData {
	return {
		order_id: order.id,
		user_id: order.user_id,
		status: to,
		reason,
		items: order.items.map(({ product_id, name, quantity, unit_price }) => ({
			product_id,
			name,
			quantity,
			unit_price
		})),
		totals: order.totals,
		total: order.totals.total,
		...(order.shipment && { shipment: order.shipment }),
		...(returning && {
			return: { id: returning.id, items: returning.items, refunded: returning.refunded ?? null }
		})
	};
}
