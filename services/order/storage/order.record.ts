import {
	Address as addressSchema,
	type Address,
	type Order,
	type OrderEvent,
	type OrderItem,
	type OrderSnapshot,
	type Return
} from "../../../contracts/order.ts";
import { undecidedStatuses, type OrderStatus } from "../../../contracts/order-status.ts";
import type { OrderEventData } from "../../../contracts/events.ts";
import type { LimitedItem } from "../../../contracts/product.ts";
import { staff } from "../../../contracts/roles.ts";
import type { Actor } from "../../../lib/identity.ts";
import type { Transition } from "../order.machine.ts";
import { columnsOf } from "../../../db/columns.ts";
import { limitedItems } from "./limited-items.ts";

/** A row of the orders table. */
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
	limited_items: LimitedItem[] | null;
	/** Missing where nobody is shown it. */
	cancel_requested?: boolean;
	/** What its refund events say that its cancellation has refunded. */
	refund_reported_minor: number;
	version: number;
	created_at: Date;
	updated_at: Date;
}

export const orderColumns = columnsOf<Omit<OrderRow, "cancel_requested">>({
	id: true,
	user_id: true,
	status: true,
	reason: true,
	items: true,
	shipping_address: true,
	payment_method: true,
	currency: true,
	subtotal_minor: true,
	shipping_minor: true,
	tax_minor: true,
	total_minor: true,
	shipment: true,
	limited_items: true,
	refund_reported_minor: true,
	version: true,
	created_at: true,
	updated_at: true
});

type Amount = OrderItem["unit_price"];

const toMoney = ({ amount, currency }: Amount): Amount => ({ amount, currency });

/** jsonb orders members by length of name; a response has them in the contract's order. */
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

const addressMembers = Object.keys(addressSchema.properties) as (keyof Address)[];

const toAddress = (stored: Address): Address =>
	Object.fromEntries(
		addressMembers.filter(name => name in stored).map(name => [name, stored[name]])
	) as Address;

/** The representation. Its payment comes from the payment service. */
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
		// The saga keeps the request for as long as it runs; shown is only that it may still decide the outcome.
		...(row.cancel_requested && undecidedStatuses.has(row.status) && { cancel_requested: true }),
		version: row.version,
		created_at: row.created_at.toISOString(),
		updated_at: row.updated_at.toISOString(),
		...(row.limited_items && { limited_items: limitedItems(row.limited_items, row.items) })
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
	/** Of the order: what it was refused for, whether or not it was refused at this version. */
	limited_items: LimitedItem[] | null;
}

export const historyColumns = columnsOf<Omit<HistoryRow, "limited_items">>({
	order_id: true,
	version: true,
	type: true,
	from_status: true,
	to_status: true,
	reason: true,
	actor: true,
	at: true,
	snapshot: true
});

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

const isStaff = ({ role }: Actor) => (staff as readonly string[]).includes(role);

/**
 * An event as customers see it: not who of the staff acted, nor what they noted for each other. Why a return was
 * rejected is for its customer.
 */
export function forCustomer(event: OrderEvent): OrderEvent {
	if (!isStaff(event.actor as Actor)) return event;
	const isPublic = event.type === "order.return_rejected";
	return {
		...event,
		reason: isPublic ? event.reason : null,
		actor: { id: "staff", role: "staff" }
	};
}

/** The order after the last of these rows. @param rows from the first version on */
export function orderFromHistory(rows: readonly HistoryRow[]): Order {
	const [first, last] = [rows[0]!, rows.at(-1)!];
	const placed = first.snapshot as Draft;
	// Members keep their order, so the response has the same bytes as then.
	const { status, reason, shipment } = last.snapshot;
	const limited = reason === "reservation_limit" ? last.limited_items : null;
	return {
		...withTimes(placed, first.at),
		status,
		reason,
		shipment,
		version: last.version,
		updated_at: last.at.toISOString(),
		...(limited && { limited_items: limitedItems(limited, placed.items) })
	};
}

/** A new order without its times, which the database assigns. */
export type Draft = Omit<Order, "created_at" | "updated_at">;

export function withTimes(draft: Draft, at: Date): Order {
	return { ...draft, created_at: at.toISOString(), updated_at: at.toISOString() };
}

/** The data of a return in events. */
export type ReturnEventData = Pick<Return, "id" | "items"> & { refunded?: Return["refunded"] };

/** What an event tells beyond the order. */
export interface EventDetails extends Pick<OrderEventData, "refund" | "dispute" | "limited_items"> {
	returning?: ReturnEventData | null;
}

/** The data of a transition in events: ids, items and totals, no personal data. */
export function eventData(
	order: Draft,
	{ to, reason }: Pick<Transition, "to" | "reason">,
	{ returning, refund, dispute, limited_items }: EventDetails = {}
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
		}),
		...(refund && { refund }),
		...(dispute && { dispute }),
		...(limited_items && { limited_items })
	};
}
