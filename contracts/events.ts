import { nullable, oneOf, strictObject, T, type Static } from "../lib/schema.ts";
import { Return, Totals } from "./order.ts";
import { orderEventTypes, OrderStatus } from "./order-status.ts";
import { LimitedItem } from "./product.ts";
import { Id, Instant, instant, Money, Uuid, uuid } from "./values.ts";

/**
 * Messages of the topic `orders`: CloudEvents 1.0 in structured JSON, keyed by the user, so that all
 * events of a user are in one partition and in order. Golden files have one event of each version, and
 * never change: a different event gets a new version.
 */

export const OrderEventType = oneOf(orderEventTypes);
export type OrderEventType = Static<typeof OrderEventType>;

const RefundData = strictObject({
	id: T.Optional(Uuid),
	origin: oneOf(["order", "staff", "provider"], { description: "Who requested it" }),
	amount: Money
});

const DisputeData = strictObject({
	ref: T.String({ description: "The payment provider's reference" }),
	amount: Money,
	reason: T.String(),
	status: oneOf(["open", "won", "lost"])
});

/** No personal data: ids, items and totals. */
export const OrderEventData = strictObject(
	{
		order_id: Uuid,
		user_id: Id,
		status: OrderStatus,
		reason: nullable(T.String()),
		items: T.Array(
			strictObject({
				product_id: Id,
				name: T.String(),
				quantity: T.Integer({ minimum: 1 }),
				unit_price: Money
			}),
			{ minItems: 1 }
		),
		totals: Totals,
		total: Money,
		shipment: T.Optional(strictObject({ carrier: T.String(), tracking_number: T.String() })),
		return: T.Optional(
			strictObject({
				id: Uuid,
				items: Return.properties.items,
				refunded: nullable(Money)
			})
		),
		refund: T.Optional(
			strictObject(RefundData.properties, {
				description:
					"In events about one refund; in `order.refunded` only if the cancellation has refunded another amount than the total"
			})
		),
		dispute: T.Optional(DisputeData),
		limited_items: T.Optional(
			T.Array(LimitedItem, {
				description:
					"With the reason `reservation_limit`: the items of which the customer would have too many in unpaid orders"
			})
		)
	},
	{ title: "OrderEventData" }
);
export type OrderEventData = Static<typeof OrderEventData>;

const schemas = "https://schemas.moleculer-commerce.example";

/** The schema of an event, with its version: `…/order.confirmed/v1`. */
export const schemaOf = (type: OrderEventType | StaffEventType, version = 1) =>
	`${schemas}/${type}/v${version}`;

/** W3C Trace Context, version 00; ids of zeros mean none. */
const traceparent = "^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$";

/** Attributes of every event: CloudEvents 1.0 with the extensions partitioning, sequence and tracing. */
const envelope = {
	specversion: T.Literal("1.0"),
	id: Uuid,
	/** Event time, by the database's clock. */
	time: Instant,
	datacontenttype: T.Literal("application/json"),
	traceparent: T.Optional(
		T.String({
			pattern: traceparent,
			description: "W3C: of the request that placed the order",
			rule: "a traceparent of version 00"
		})
	)
};
const SchemaUrl = (types: string) =>
	T.String({
		pattern: `^${schemas.replaceAll(".", "\\.")}/${types}/v1$`,
		rule: `the URL of version 1 of the event's schema, under ${schemas}`
	});
const Sequence = (description: string) =>
	T.String({
		pattern: "^[1-9][0-9]{0,18}$",
		description,
		rule: "a whole number of 1 or more, as text"
	});

export const OrderStreamEvent = strictObject(
	{
		...envelope,
		source: T.Literal("/orders"),
		type: OrderEventType,
		subject: uuid({ description: "The order" }),
		dataschema: SchemaUrl("order\\.[a-z_]+"),
		partitionkey: T.String({ description: "The user" }),
		sequence: Sequence("The order's version: grows with each of its events, not always by one"),
		epoch: T.Optional(
			T.Integer({
				minimum: 2,
				maximum: 2 ** 31 - 1,
				description:
					"Grows when the database was restored to an earlier moment, after which versions may be reused; 1 if it is missing"
			})
		),
		data: OrderEventData
	},
	{ title: "OrderStreamEvent" }
);
export type OrderStreamEvent = Static<typeof OrderStreamEvent>;

/**
 * A message of the topic `notifications`: a product is running low. Published once when the units on hand
 * fall to the shop's threshold, and again only after they were above it.
 */
export const LowStockEvent = strictObject(
	{
		...envelope,
		source: T.Literal("/products"),
		type: T.Literal("product.low_stock"),
		subject: T.String({ description: "The product" }),
		dataschema: SchemaUrl("product\\.low_stock"),
		partitionkey: T.String({ description: "The product" }),
		sequence: Sequence("Grows with each event of products"),
		data: strictObject(
			{
				product_id: Id,
				name: T.String(),
				available: T.Integer({ minimum: 0, description: "Units that can still be sold" }),
				threshold: T.Integer({ minimum: 0, description: "Units; the shop's" })
			},
			{ title: "LowStockData" }
		)
	},
	{ title: "LowStockEvent" }
);
export type LowStockEvent = Static<typeof LowStockEvent>;

/**
 * A message of the topic `notifications`: the shop has disabled a webhook, so no events are sent to its URL
 * until an admin enables it.
 */
export const WebhookDisabledEvent = strictObject(
	{
		...envelope,
		source: T.Literal("/webhooks"),
		type: T.Literal("webhook.disabled"),
		subject: uuid({ description: "The webhook" }),
		dataschema: SchemaUrl("webhook\\.disabled"),
		partitionkey: uuid({ description: "The webhook" }),
		sequence: Sequence("Grows with each event of webhooks"),
		data: strictObject(
			{
				webhook_id: Uuid,
				url: T.String({ description: "Where its events were sent" }),
				reason: oneOf(["failing", "gone"], {
					description:
						"`failing`: no request succeeded for the time that the shop allows; `gone`: it answered 410 Gone"
				}),
				failing_since: nullable(instant("The first failure after the last success")),
				last_error: T.String({
					maxLength: 300,
					description: "E.g. `answered 500` or `connection refused`"
				})
			},
			{ title: "WebhookDisabledData" }
		)
	},
	{ title: "WebhookDisabledEvent" }
);
export type WebhookDisabledEvent = Static<typeof WebhookDisabledEvent>;

/** Events of the topic `notifications`: all admins get a message about each of them. */
export type StaffEvent = LowStockEvent | WebhookDisabledEvent;
export type StaffEventType = StaffEvent["type"];
