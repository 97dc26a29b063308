import { contract, nullable, oneOf, strictObject, T, type Static } from "../lib/schema.ts";
import { staff } from "./roles.ts";
import { consumerActions, refillAction } from "./streams.ts";
import {
	Currency,
	Cursor,
	Id,
	Instant,
	instant,
	Limit,
	NextCursor,
	ready,
	Uuid
} from "./values.ts";

const Count = T.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const Minor = T.Integer({
	minimum: 0,
	maximum: Number.MAX_SAFE_INTEGER,
	description: "Minor units (cents); a sum beyond 2^53 - 1 is given as that"
});

/** Sales in one minute, in one currency. A minute without sales has no window. */
export const Window = strictObject(
	{
		window_start: Instant,
		window_end: Instant,
		currency: Currency,
		orders: Count,
		revenue: Minor,
		unique_users: Count,
		average_order_value: T.Integer({ ...Minor, description: "Rounded half to even" }),
		revision: T.Integer({
			minimum: 0,
			description:
				"Grows with every correction; a message that has it once more is a duplicate; 0 while the window is open"
		}),
		final: T.Boolean({
			description:
				"No event changes it any more: it is followed by the same revision, after the loss of a log, or by another one only where an operator replays the log and that finds other sales, or lets another engine publish windows"
		})
	},
	{ title: "Window" }
);
export type Window = Static<typeof Window>;

/** Messages of the topic `analytics-results`: CloudEvents 1.0 in structured JSON. The last of a key is current. */
export const WindowStreamEvent = strictObject(
	{
		specversion: T.Literal("1.0"),
		id: Uuid,
		source: T.Literal("/analytics"),
		type: T.Literal("analytics.window"),
		subject: T.String({ description: "Start of the window and currency: the key" }),
		time: Instant,
		datacontenttype: T.Literal("application/json"),
		dataschema: T.Literal("https://schemas.moleculer-commerce.example/analytics.window/v1"),
		partitionkey: T.String(),
		sequence: T.String({
			pattern: "^[1-9][0-9]{0,9}$",
			description: "The revision",
			rule: "a whole number of 1 or more, as text"
		}),
		data: Window
	},
	{ title: "WindowStreamEvent" }
);
export type WindowStreamEvent = Static<typeof WindowStreamEvent>;

/** Windows as they were emitted, each with the id of its event. */
export const WindowChanges = strictObject(
	{
		data: T.Array(strictObject({ id: Count, window: Window })),
		last: T.Integer({ ...Count, description: "Id of the last event, even if none is new" })
	},
	{ title: "WindowChanges" }
);
export type WindowChanges = Static<typeof WindowChanges>;

/** Minutes before it without a window had no sales; null before anything was read. */
const Watermark = nullable(instant("The watermark: no order from before is expected"));
const Tally = strictObject({ orders: Count, amount: Minor });

/** Less refunds that came back from a bank: negative in a range in which more came back than was refunded. */
const signed = { minimum: -Number.MAX_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER };
const RefundTally = strictObject({
	orders: T.Integer({ ...signed, description: "Refunds less those that came back" }),
	amount: T.Integer({
		...signed,
		description:
			"Minor units (cents), less refunds that came back; a sum beyond 2^53 - 1 is given as that"
	})
});

/** Of each currency in a summary. */
export const mostCategories = 20;

export const Sales = strictObject(
	{
		currency: Window.properties.currency,
		orders: Count,
		revenue: Minor,
		average_order_value: Window.properties.average_order_value,
		cancellations: Tally,
		refunds: RefundTally,
		categories: T.Array(
			strictObject({
				category: nullable(T.String({ description: "Null until it is known from the catalogue" })),
				units: Count,
				revenue: T.Integer({ ...Minor, description: "Of the items, without tax and shipping" })
			}),
			{ maxItems: mostCategories, description: "Most revenue first" }
		)
	},
	{ title: "Sales" }
);
export type Sales = Static<typeof Sales>;

export const ProductSales = strictObject(
	{
		product_id: Id,
		name: nullable(T.String()),
		category: nullable(T.String()),
		currency: Window.properties.currency,
		orders: Count,
		units: Count,
		revenue: T.Integer({ ...Minor, description: "Of the items, without tax and shipping" })
	},
	{ title: "ProductSales" }
);
export type ProductSales = Static<typeof ProductSales>;

const query = { kind: "query", access: staff } as const;
const span = {
	from: T.Optional(instant("An hour before `to` unless given")),
	to: T.Optional(instant("Now unless given; excluded")),
	currency: T.Optional(Window.properties.currency)
};

export const analytics = contract("analytics", {
	windows: {
		...query,
		summary: "Windows that began in a range of at most 7 days, oldest first, as last emitted",
		params: strictObject({ ...span, limit: T.Optional(Limit), cursor: T.Optional(Cursor) }),
		returns: strictObject(
			{ data: T.Array(Window), watermark: Watermark, next_cursor: NextCursor },
			{ title: "WindowList" }
		)
	},
	summary: {
		...query,
		summary: "Sales, cancellations and refunds in a range of at most 7 days, by currency",
		params: strictObject(span),
		returns: strictObject(
			{
				from: Instant,
				to: Instant,
				watermark: Watermark,
				late_events: T.Integer({
					minimum: 0,
					description: "Arrived more than a day late, and are not counted"
				}),
				data: T.Array(Sales)
			},
			{ title: "SalesSummary" }
		)
	},
	topProducts: {
		...query,
		summary:
			"Best-selling products in a range of at most 7 days, `limit` of each currency, by currency; those of the first ones where all would be more than 512 KiB",
		params: strictObject({
			...span,
			by: T.Optional(oneOf(["revenue", "units"])),
			limit: T.Optional(Limit)
		}),
		returns: strictObject({ data: T.Array(ProductSales) }, { title: "TopProducts" })
	},
	changes: {
		...query,
		summary:
			"Stream windows as they are emitted, as server-sent events; after `Last-Event-ID` if it is given, else from now on",
		params: strictObject({
			last_event_id: T.Optional(Count),
			limit: T.Optional(Limit)
		}),
		returns: WindowChanges
	},
	...consumerActions(
		["again", "missing"],
		"`again`: windows from there on are reset and rebuilt; `missing`: only events that were never counted are applied"
	),
	"outbox.refill": refillAction(
		"Emit windows again, each in its latest revision, and publish late events again, after the loss of a log"
	),
	ready
});
