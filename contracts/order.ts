import {
	contract,
	hint,
	nullable,
	oneOf,
	strictObject,
	T,
	type ActionSpec,
	type Static
} from "../lib/schema.ts";
import { OrderStatus } from "./order-status.ts";
import { sagaActions } from "./order-saga.ts";
import { NextAction, PaymentMethod, PaymentStatus } from "./payment.ts";
import { LimitedItem } from "./product.ts";
import { admins, everyone, staff } from "./roles.ts";
import { outboxActions } from "./streams.ts";
import {
	Country,
	Cursor,
	Id,
	IdempotencyKey,
	instant,
	Instant,
	Limit,
	Line,
	Money,
	NextCursor,
	OptionalKey,
	Phone,
	ready,
	text,
	Uuid,
	Version
} from "./values.ts";

const AddressInput = strictObject({
	name: T.Optional(
		text(100, { description: "The recipient, if it is not the holder of the account" })
	),
	company: T.Optional(text(100)),
	street: text(200),
	line2: T.Optional(text(200, { description: "Apartment, floor, c/o" })),
	city: text(100),
	state: T.Optional(
		text(100, {
			description:
				"ISO 3166-2, or a name. Required, and answered as a code, where the price depends on it"
		})
	),
	zip: T.Optional(
		text(20, { description: "In the form of the country. Required where letters need one" })
	),
	country: Country,
	phone: T.Optional(Phone)
});

export const Address = strictObject(
	{
		// Members that were not given are missing, as in orders from before there were these members.
		name: T.Optional(T.String()),
		company: T.Optional(T.String()),
		street: T.String(),
		line2: T.Optional(T.String()),
		city: T.String(),
		state: nullable(T.String()),
		zip: nullable(T.String()),
		country: T.String({ description: "ISO 3166-1 alpha-2" }),
		phone: T.Optional(T.String({ description: "E.164" }))
	},
	{ title: "Address" }
);
export type Address = Static<typeof Address>;

export const OrderItem = strictObject(
	{
		product_id: Id,
		name: T.String(),
		quantity: T.Integer(),
		unit_price: Money,
		line_total: Money
	},
	{ title: "OrderItem" }
);
export type OrderItem = Static<typeof OrderItem>;

export const Totals = strictObject(
	{ subtotal: Money, shipping: Money, tax: Money, total: Money },
	{ title: "Totals" }
);
export type Totals = Static<typeof Totals>;

const LimitedOrderItem = strictObject({
	...LimitedItem.properties,
	detail: T.String({ description: "A sentence for the customer: what the limit is and what to do" })
});
export type LimitedOrderItem = Static<typeof LimitedOrderItem>;

export const Order = strictObject(
	{
		id: Uuid,
		user_id: Id,
		status: OrderStatus,
		reason: nullable(T.String({ description: "Why the order ended, if it did not succeed" })),
		items: T.Array(OrderItem),
		totals: Totals,
		shipping_address: Address,
		payment: nullable(
			strictObject({
				id: Uuid,
				status: PaymentStatus,
				refunded: Money,
				disputed: T.Optional(
					nullable(
						strictObject(Money.properties, {
							description: "What the customer's bank took back; missing or null if nothing"
						})
					)
				),
				next_action: T.Optional(
					nullable(
						strictObject(NextAction.properties, {
							description: "Where the customer must approve the payment; missing if they need not"
						})
					)
				)
			})
		),
		shipment: nullable(strictObject({ carrier: T.String(), tracking_number: T.String() })),
		cancel_requested: T.Optional(
			T.Boolean({
				description:
					"True while a cancellation was requested and the outcome of the payment is not known yet; otherwise missing"
			})
		),
		version: Version,
		created_at: Instant,
		updated_at: Instant,
		limited_items: T.Optional(
			T.Array(LimitedOrderItem, {
				description:
					"With the reason `reservation_limit`: the items of which the customer would have too many in unpaid orders; otherwise missing"
			})
		)
	},
	{ title: "Order" }
);
export type Order = Static<typeof Order>;

const AsPlaced = T.Partial(
	T.Omit(Order, [
		"status",
		"reason",
		"shipment",
		"cancel_requested",
		"created_at",
		"updated_at",
		"limited_items"
	])
);

/** The order after a transition: the members that a transition may change. */
export const OrderSnapshot = strictObject(
	{
		...AsPlaced.properties,
		status: OrderStatus,
		reason: Order.properties.reason,
		shipment: Order.properties.shipment
	},
	{
		title: "OrderSnapshot",
		description:
			"In the first event the whole order as it was placed, in later ones the members that may change"
	}
);
export type OrderSnapshot = Static<typeof OrderSnapshot>;

export const OrderEvent = strictObject(
	{
		version: Version,
		type: T.String({ description: "As in the log: order.created, order.confirmed, …" }),
		from: nullable(OrderStatus),
		to: OrderStatus,
		reason: nullable(
			T.String({
				description:
					"The shop's own, the customer's, or why staff rejected a return; other words of staff are for staff"
			})
		),
		actor: strictObject(
			{ id: T.String(), role: T.String() },
			{ description: "To customers, staff are `staff` with the role `staff`" }
		),
		at: Instant,
		snapshot: OrderSnapshot
	},
	{ title: "OrderEvent" }
);
export type OrderEvent = Static<typeof OrderEvent>;

export const Return = strictObject(
	{
		id: Uuid,
		order_id: Uuid,
		status: oneOf(["requested", "approved", "rejected", "completed"], {
			description: "`approved`: the refund and the restock are in progress"
		}),
		items: T.Array(strictObject({ product_id: Id, quantity: T.Integer(), amount: Money }), {
			description: "Units with their value, including their part of tax and shipping"
		}),
		reason: T.String(),
		note: nullable(
			T.String({
				description: "Of the staff: why it was rejected. A note on an approval is for staff only"
			})
		),
		restock: nullable(T.Boolean({ description: "The items are restocked; null until decided" })),
		// Less than the items' value if a part of the payment was refunded before.
		refunded: nullable(Money),
		created_at: Instant,
		updated_at: Instant
	},
	{ title: "Return" }
);
export type Return = Static<typeof Return>;

const ById = strictObject({ id: Uuid });

/** Nearly every order has less than one page. */
const PageOfOrder = strictObject({
	id: Uuid,
	limit: T.Optional(T.Integer({ ...Limit, default: 100 })),
	cursor: T.Optional(Cursor)
});

const returnActions = {
	"return.request": {
		summary: "Request a return of delivered items",
		kind: "command",
		access: everyone,
		params: strictObject({
			id: Uuid,
			items: T.Array(Line, { minItems: 1, maxItems: 100 }),
			reason: text(200),
			idempotency_key: IdempotencyKey
		}),
		returns: strictObject({ return: Return, replayed: T.Boolean() })
	},
	"return.list": {
		summary: "The returns of an order, newest first",
		kind: "query",
		access: everyone,
		params: PageOfOrder,
		returns: strictObject(
			{ data: T.Array(Return), next_cursor: NextCursor },
			{ title: "ReturnList" }
		)
	},
	"return.get": {
		summary: "One return of your own order; staff see any",
		kind: "query",
		access: everyone,
		params: ById,
		returns: Return
	},
	"return.approve": {
		summary: "Approve a return: refund the customer, then restock the items",
		kind: "command",
		access: staff,
		params: strictObject({
			id: Uuid,
			restock: T.Optional(T.Boolean({ default: true, description: "False for damaged goods" })),
			note: T.Optional(text(200)),
			idempotency_key: OptionalKey
		}),
		returns: Return
	},
	"return.reject": {
		summary: "Reject a requested return",
		kind: "command",
		access: staff,
		params: strictObject({ id: Uuid, note: text(200), idempotency_key: OptionalKey }),
		returns: Return
	}
} as const satisfies Record<string, ActionSpec>;

const Parcel = { carrier: text(60), tracking_number: text(100) };

/** A gateway stops: requests that it sent are answered with their order as it stands. */
export const gatewayStopping = hint(
	"order.gateway_stopping",
	strictObject({ node_id: T.String({ maxLength: 300 }) })
);

export const order = contract("order", {
	place: {
		summary: "Place an order. Prices are the shop's; the same key places one order",
		kind: "command",
		access: everyone,
		params: strictObject({
			user_id: T.Optional(Id),
			items: T.Array(Line, { minItems: 1, maxItems: 100 }),
			shipping_address: AddressInput,
			payment_method: PaymentMethod,
			expected_total: T.Optional(
				strictObject(Money.properties, {
					description:
						"The total that was shown to the customer; the order is refused if it has changed. Without it, the current price is charged"
				})
			),
			idempotency_key: IdempotencyKey,
			wait_s: T.Optional(
				T.Number({
					minimum: 0,
					maximum: 10,
					description: "How many seconds to wait for an outcome"
				})
			)
		}),
		returns: strictObject({ order: Order, replayed: T.Boolean() })
	},
	cancel: {
		summary:
			"Cancel your own order before shipping, or as staff that of a customer, with a reason; the charge is refunded",
		kind: "command",
		access: everyone,
		params: strictObject({
			id: Uuid,
			reason: T.Optional(text(200)),
			version: T.Optional(Version),
			idempotency_key: IdempotencyKey
		}),
		returns: strictObject({ order: Order, replayed: T.Boolean() })
	},
	ship: {
		summary: "Hand a confirmed order to a carrier",
		kind: "command",
		access: admins,
		params: strictObject({
			id: Uuid,
			...Parcel,
			version: T.Optional(Version),
			idempotency_key: OptionalKey
		}),
		returns: Order
	},
	correctShipment: {
		summary: "Correct the carrier or the tracking number of a shipped order, and tell its customer",
		kind: "command",
		access: admins,
		params: strictObject({
			id: Uuid,
			...Parcel,
			version: T.Optional(Version),
			idempotency_key: OptionalKey
		}),
		returns: Order
	},
	deliver: {
		summary: "Record that a shipped order has arrived",
		kind: "command",
		access: admins,
		params: strictObject({ id: Uuid, version: T.Optional(Version), idempotency_key: OptionalKey }),
		returns: Order
	},
	get: {
		summary: "One order, now or as of a time: your own, or any for staff",
		kind: "query",
		access: everyone,
		params: strictObject({ id: Uuid, at: T.Optional(Instant) }),
		returns: Order
	},
	list: {
		summary: "Your orders, newest first; staff see all, or one user's",
		kind: "query",
		access: everyone,
		params: strictObject({
			user_id: T.Optional(T.String({ ...Id, description: "Another user's orders are for staff" })),
			status: T.Optional(OrderStatus),
			from: T.Optional(instant("Placed at this time or later")),
			to: T.Optional(instant("Placed before this time")),
			limit: T.Optional(Limit),
			cursor: T.Optional(Cursor)
		}),
		returns: strictObject({ data: T.Array(Order), next_cursor: NextCursor }, { title: "OrderList" })
	},
	events: {
		summary: "Every transition of an order with its reason and actor",
		kind: "query",
		access: everyone,
		params: PageOfOrder,
		returns: strictObject(
			{ data: T.Array(OrderEvent), next_cursor: NextCursor },
			{ title: "OrderEventList" }
		)
	},
	...returnActions,
	...sagaActions,
	...outboxActions,
	ready
});
