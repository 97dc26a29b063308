import { nullable, oneOf, strictObject, T, type Static } from "../lib/schema.ts";
import { OrderStatus, Return, Totals } from "./order.ts";
import { Id, Instant, Money, Uuid } from "./values.ts";

/**
 * What the topic `orders` carries: CloudEvents 1.0 in structured JSON, keyed by the user, so that all
 * of one user's events are in one partition and in order. Golden files show one of each.
 */

export const orderEventTypes = [
	"order.created",
	"order.confirmed",
	"order.rejected",
	"order.cancelled",
	"order.payment_failed",
	"order.shipped",
	"order.delivered",
	"order.refunded",
	"order.return_requested",
	"order.returned",
	"order.return_rejected"
] as const;
export const OrderEventType = oneOf(orderEventTypes);
export type OrderEventType = Static<typeof OrderEventType>;

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
		)
	},
	{ title: "OrderEventData" }
);
export type OrderEventData = Static<typeof OrderEventData>;

const schemas = "https://schemas.moleculer-commerce.example";

/** The schema of an event, with its version: `…/order.confirmed/v1`. */
export const schemaOf = (type: OrderEventType, version = 1) => `${schemas}/${type}/v${version}`;

export const OrderStreamEvent = strictObject(
	{
		specversion: T.Literal("1.0"),
		id: Uuid,
		source: T.Literal("/orders"),
		type: OrderEventType,
		subject: T.String({ format: "uuid", description: "The order" }),
		/** When it happened, by the database's clock. */
		time: Instant,
		datacontenttype: T.Literal("application/json"),
		dataschema: T.String({ pattern: `^${schemas.replaceAll(".", "\\.")}/order\\.[a-z_]+/v1$` }),
		partitionkey: T.String({ description: "The user" }),
		sequence: T.String({
			pattern: "^[1-9][0-9]{0,9}$",
			description: "The order's version: grows with each of its events, not always by one"
		}),
		traceparent: T.Optional(
			T.String({ pattern: "^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$" })
		),
		data: OrderEventData
	},
	{ title: "OrderStreamEvent" }
);
export type OrderStreamEvent = Static<typeof OrderStreamEvent>;
