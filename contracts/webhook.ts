import { contract, nullable, oneOf, strictObject, T, type Static } from "../lib/schema.ts";
import { LowStockEvent, OrderEventData } from "./events.ts";
import { orderEventTypes } from "./order-status.ts";
import { admins } from "./roles.ts";
import { consumerActions, refillAction } from "./streams.ts";
import { Cursor, Instant, Limit, NextCursor, ready, text, Uuid } from "./values.ts";

/**
 * Webhooks: events are sent to URLs of other systems, as Standard Webhooks say
 * (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md).
 */

/** Types of events that a webhook may ask for. */
export const webhookEventTypes = [...orderEventTypes, "product.low_stock"] as const;
export const WebhookEventType = oneOf(webhookEventTypes);
export type WebhookEventType = Static<typeof WebhookEventType>;

const EventTypes = T.Array(WebhookEventType, {
	minItems: 1,
	uniqueItems: true,
	description: "Events of these types are sent to it"
});

/** In its normal form, in which other characters than ASCII are percent-encoded. */
export const longestUrl = 2000;
const Url = text(longestUrl, {
	description:
		"https://, without user, password and fragment, and not into a private or loopback network unless an operator allows it"
});
/** Each event is stored once for each webhook that wants it. */
export const mostWebhooks = 50;
const Description = text(200, { description: "For the people who look after it" });
/** In base64: three bytes, and one or two at the end. */
const [quad, one, two] = ["(?:[A-Za-z0-9+/]{4})", "[A-Za-z0-9+/]{2}==", "[A-Za-z0-9+/]{3}="];
const Secret = T.String({
	pattern: `^whsec_(?:${quad}{8,20}(?:${one}|${two})?|${quad}{21}(?:${one})?)$`,
	rule: "whsec_ and 24 to 64 bytes in base64",
	description: "Signs its messages: whsec_ and 24 to 64 random bytes in base64"
});

/** Characters of why a request failed. */
export const longestError = 300;

const webhookFields = {
	id: Uuid,
	url: T.String({ maxLength: longestUrl }),
	description: nullable(T.String({ maxLength: 200 })),
	event_types: T.Array(WebhookEventType),
	enabled: T.Boolean(),
	disabled_reason: nullable(
		oneOf(["admin", "failing", "gone"], {
			description:
				"`failing`: no request succeeded for a week; `gone`: it answered 410; null while it is enabled"
		})
	),
	failing_since: nullable(
		T.String({ ...Instant, description: "The first failure after the last success" })
	),
	last_error: nullable(
		T.String({ maxLength: longestError, description: "Of the failures since then" })
	),
	paused_until: nullable(
		T.String({ ...Instant, description: "It failed often, or asked for a pause" })
	),
	created_at: Instant,
	updated_at: Instant
};
export const Webhook = strictObject(webhookFields, { title: "Webhook" });
export type Webhook = Static<typeof Webhook>;

export const WebhookWithSecret = strictObject(
	{
		...webhookFields,
		secret: T.String({ maxLength: 100, description: "Shown this once" })
	},
	{ title: "WebhookWithSecret" }
);
export type WebhookWithSecret = Static<typeof WebhookWithSecret>;

const deliveryStates = ["pending", "delivered", "failed"] as const;
const DeliveryState = oneOf(deliveryStates, {
	description: "`failed`: there are no more attempts, unless it is redelivered"
});

/** Types of messages: events, and the test message. */
const MessageType = oneOf([...webhookEventTypes, "webhook.ping"]);

const deliveryFields = {
	id: Uuid,
	webhook_id: Uuid,
	event_id: T.String({ ...Uuid, description: "The header `webhook-id`, the same in all attempts" }),
	event_type: MessageType,
	state: DeliveryState,
	attempts: T.Integer({ minimum: 0, description: "Since it was last requested" }),
	redeliveries: T.Integer({ minimum: 0, description: "How often it was requested again" }),
	next_attempt_at: nullable(Instant),
	last_status: nullable(T.Integer({ description: "HTTP status of the last answer" })),
	last_error: nullable(T.String({ maxLength: longestError })),
	occurred_at: T.String({ ...Instant, description: "The event's time" }),
	created_at: Instant,
	delivered_at: nullable(Instant)
};
export const WebhookDelivery = strictObject(deliveryFields, { title: "WebhookDelivery" });
export type WebhookDelivery = Static<typeof WebhookDelivery>;

/** Characters of an answer that are kept. */
export const keptOfAnswer = 1000;
/** Latest attempts at one delivery that are shown. */
export const shownAttempts = 50;

export const WebhookDeliveryDetail = strictObject(
	{
		...deliveryFields,
		body: T.String({ description: "The body of the request, as it is signed" }),
		history: T.Array(
			strictObject({
				at: Instant,
				status: nullable(T.Integer()),
				error: nullable(T.String({ maxLength: longestError, description: "Null for a success" })),
				answer: T.String({
					maxLength: keptOfAnswer,
					description: `The first ${keptOfAnswer} characters of the answer`
				}),
				duration_ms: T.Integer({ minimum: 0 })
			}),
			{ maxItems: shownAttempts, description: "Attempts, the latest first" }
		)
	},
	{ title: "WebhookDeliveryDetail" }
);
export type WebhookDeliveryDetail = Static<typeof WebhookDeliveryDetail>;

const message = <const N extends readonly string[], D extends Parameters<typeof nullable>[0]>(
	title: string,
	types: N,
	data: D
) =>
	strictObject(
		{
			id: T.String({ ...Uuid, description: "The same as the header `webhook-id`" }),
			type: oneOf(types),
			timestamp: T.String({ ...Instant, description: "When it happened" }),
			sequence: T.String({
				description: "Of events about one order or product, a later one has a greater number"
			}),
			data
		},
		{ title }
	);

/** The bodies of requests. */
export const webhookMessages = {
	order: message("WebhookOrderMessage", orderEventTypes, OrderEventData),
	product: message("WebhookProductMessage", ["product.low_stock"], LowStockEvent.properties.data),
	ping: message("WebhookPing", ["webhook.ping"], strictObject({ webhook_id: Uuid }))
} as const;
export type WebhookMessage = Static<(typeof webhookMessages)[keyof typeof webhookMessages]>;

const command = { kind: "command", access: admins } as const;
const query = { kind: "query", access: admins } as const;

export const webhook = contract("webhook", {
	create: {
		...command,
		summary: "Have events sent to a URL; the answer has the secret that signs them",
		params: strictObject({
			url: Url,
			event_types: EventTypes,
			description: T.Optional(Description),
			secret: T.Optional(Secret)
		}),
		returns: WebhookWithSecret
	},
	list: {
		...query,
		summary: "All webhooks",
		params: strictObject({}),
		returns: strictObject(
			{ data: T.Array(Webhook, { maxItems: mostWebhooks }) },
			{ title: "WebhookList" }
		)
	},
	get: {
		...query,
		summary: "One webhook",
		params: strictObject({ id: Uuid }),
		returns: Webhook
	},
	update: {
		...command,
		summary: "Change a webhook, or enable or disable it",
		params: strictObject({
			id: Uuid,
			url: T.Optional(Url),
			event_types: T.Optional(EventTypes),
			description: T.Optional(nullable(Description)),
			enabled: T.Optional(T.Boolean())
		}),
		returns: Webhook
	},
	remove: {
		...command,
		summary: "Remove a webhook; nothing more is sent to it",
		params: strictObject({ id: Uuid }),
		returns: Webhook
	},
	rotateSecret: {
		...command,
		summary: "Replace the secret; the former one signs beside it for a day",
		params: strictObject({ id: Uuid, secret: T.Optional(Secret) }),
		returns: WebhookWithSecret
	},
	ping: {
		...command,
		summary: "Send a test message to a webhook",
		params: strictObject({ id: Uuid }),
		returns: WebhookDelivery
	},
	redeliverFailed: {
		...command,
		summary: "Send again now what failed, the oldest 1000 at a time",
		params: strictObject({
			id: Uuid,
			from: T.String({ ...Instant, description: "Deliveries that were created from here on" })
		}),
		returns: strictObject(
			{
				redelivered: T.Integer({ minimum: 0 }),
				left: T.Integer({ minimum: 0, description: "For the next request" })
			},
			{ title: "RedeliveredWebhook" }
		)
	},
	"delivery.list": {
		...query,
		summary: "Deliveries to a webhook, the latest first",
		params: strictObject({
			webhook_id: Uuid,
			state: T.Optional(DeliveryState),
			limit: T.Optional(Limit),
			cursor: T.Optional(Cursor)
		}),
		returns: strictObject(
			{ data: T.Array(WebhookDelivery), next_cursor: NextCursor },
			{ title: "WebhookDeliveryList" }
		)
	},
	"delivery.get": {
		...query,
		summary: "One delivery with its body and its attempts",
		params: strictObject({ webhook_id: Uuid, id: Uuid }),
		returns: WebhookDeliveryDetail
	},
	"delivery.redeliver": {
		...command,
		summary: "Send a delivery again, or now if it waits for its next attempt",
		params: strictObject({ webhook_id: Uuid, id: Uuid }),
		returns: WebhookDelivery
	},
	...consumerActions(
		["missing", "quiet", "again"],
		"`missing`: sends the events that were never handled; `quiet`: records these without sending them; `again`: sends every event once more, and to a new webhook those from before it was made"
	),
	"outbox.refill": refillAction("Publish again that webhooks were disabled"),
	ready
});
