import { contract, strictObject, T, type Static } from "../lib/schema.ts";
import { Instant, ready } from "./values.ts";

const Count = T.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const Minor = T.Integer({
	minimum: 0,
	maximum: Number.MAX_SAFE_INTEGER,
	description: "Minor units (cents)"
});

/** What was sold in one minute, in one currency. A minute in which nothing was sold has none. */
export const Window = strictObject(
	{
		window_start: Instant,
		window_end: Instant,
		currency: T.String({ format: "currency" }),
		orders: Count,
		revenue: Minor,
		unique_users: Count,
		average_order_value: T.Integer({ ...Minor, description: "Rounded half to even" }),
		revision: T.Integer({
			minimum: 0,
			description: "Grows with every correction; 0 while the window is open"
		}),
		final: T.Boolean({ description: "Nothing can change it any more" })
	},
	{ title: "Window" }
);
export type Window = Static<typeof Window>;

/** What the topic `analytics-results` carries: CloudEvents 1.0 in structured JSON. The last of a key holds. */
export const WindowStreamEvent = strictObject(
	{
		specversion: T.Literal("1.0"),
		id: T.String({ format: "uuid" }),
		source: T.Literal("/analytics"),
		type: T.Literal("analytics.window"),
		subject: T.String({ description: "Start of the window and currency: the key" }),
		time: Instant,
		datacontenttype: T.Literal("application/json"),
		dataschema: T.Literal("https://schemas.moleculer-commerce.example/analytics.window/v1"),
		partitionkey: T.String(),
		sequence: T.String({ pattern: "^[1-9][0-9]{0,9}$", description: "The revision" }),
		data: Window
	},
	{ title: "WindowStreamEvent" }
);
export type WindowStreamEvent = Static<typeof WindowStreamEvent>;

export const analytics = contract("analytics", { ready });
