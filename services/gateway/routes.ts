import { analytics } from "../../contracts/analytics.ts";
import { gateway, pagesAsJson, type Health } from "../../contracts/gateway.ts";
import { notification } from "../../contracts/notification.ts";
import { order, type Order } from "../../contracts/order.ts";
import { undecidedStatuses } from "../../contracts/order-status.ts";
import { payment } from "../../contracts/payment.ts";
import { product } from "../../contracts/product.ts";
import { admins } from "../../contracts/roles.ts";
import { user } from "../../contracts/user.ts";
import { webhook } from "../../contracts/webhook.ts";
import type { ErrorCode } from "../../lib/errors.ts";
import type { ActionContract, Role, TObject } from "../../lib/schema.ts";

/**
 * The table of all HTTP routes. Aliases, 405 and `Allow`, access, parameters, the API description and the
 * tests' matrix are derived from it; access rules and parameters come from the contracts.
 */
export interface Route {
	/** Unique; the `operationId` of the API description. */
	readonly id: string;
	readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
	/** `{name}` is the action's parameter of that name. */
	readonly path: string;
	readonly action: ActionContract;
	/** Status of success; 200 by default. */
	readonly status?: number;
	/** Another status for some results. */
	readonly unless?: { readonly status: number; when(result: unknown): boolean };
	/** Fewer roles than the action allows. */
	readonly roles?: readonly Role[];
	/** Parameters of the action that this route does not expose. */
	readonly omit?: readonly string[];
	/** The parameter that gets the raw body in base64, because a signature covers its bytes. */
	readonly payload?: string;
	/** The member of the result that is the representation. */
	readonly member?: string;
	/** Path of the created resource, for `Location`. */
	readonly location?: string;
	/** Responses have an `ETag`, and `If-None-Match` is honoured. */
	readonly etag?: boolean;
	/** `Cache-Control`; `no-store` by default. */
	readonly cache?: string;
	/** The request header by which the representation is chosen. */
	readonly vary?: string;
	/** What a page says as JSON. */
	readonly json?: TObject;
	/** Media types, if the response is a document and not JSON. */
	readonly media?: readonly string[];
	/** `Content-Security-Policy`, if the response is a page. */
	readonly policy?: string;
	/** Server-sent events: the connection stays open. */
	readonly live?: boolean;
	/** Only in demo mode, for requests from this host. */
	readonly local?: boolean;
	/** Errors of the action beyond those that follow from its parameters. */
	readonly refusals?: readonly ErrorCode[];
}

function route(
	request: `${Route["method"]} /${string}`,
	id: string,
	action: ActionContract,
	more: Partial<Route> = {}
): Route {
	const [method, path] = request.split(" ") as [Route["method"], string];
	return { id, method, path, action, ...more };
}

/** May be stored, but must be revalidated: stock and prices change. */
const fresh = { etag: true, cache: "no-cache" } as const;
const anHour = { etag: true, cache: "public, max-age=3600" } as const;

const isUndecided = (result: unknown) => undecidedStatuses.has((result as Order).status);
const isDown = (result: unknown) => (result as Health).status === "down";
const isUnready = (result: unknown) => !(result as { ready: boolean }).ready;

const text = (type: string) => [`text/${type}; charset=utf-8`];
const page =
	"default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; " +
	"img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const pageOrJson = {
	media: [...text("html"), "application/json; charset=utf-8"],
	policy: "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
	vary: "Accept"
} as const;

const mailbox =
	"default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; frame-ancestors 'none'";
/** A mail may run no scripts and load nothing but its images. */
const mail =
	"sandbox allow-popups; default-src 'none'; style-src 'unsafe-inline'; img-src data: https:; frame-ancestors 'self'";

const users = user.actions;
const products = product.actions;
const orders = order.actions;
const payments = payment.actions;
const sales = analytics.actions;
const messages = notification.actions;
const hooks = webhook.actions;
const own = gateway.actions;

type Consumer = typeof sales | typeof messages | typeof hooks;

/** Operators' routes for a service that consumes topics. */
const consumerRoutes = (group: string, name: string, actions: Consumer) => {
	const base = `/api/v1/ops/streams/${group}` as const;
	const refused: Partial<Route> = { refusals: ["REDRIVE_FAILED", "REPLAY_RUNNING"] };
	return [
		route(`GET ${base}`, `get${name}Lag`, actions["stream.lag"]),
		route(`POST ${base}/replay`, `replay${name}`, actions["stream.replay"], {
			refusals: ["REPLAY_RUNNING", "LOG_TOO_SHORT"]
		}),
		route(`GET ${base}/dead-letters`, `list${name}Letters`, actions["dlq.list"]),
		route(`GET ${base}/dead-letters/{id}`, `get${name}Letter`, actions["dlq.show"]),
		route(
			`POST ${base}/dead-letters/{id}/redrive`,
			`redrive${name}Letter`,
			actions["dlq.redrive"],
			refused
		),
		route(`POST ${base}/redrive`, `redrive${name}Letters`, actions["dlq.redriveAll"])
	];
};

/** By the tag of the API description. */
export const routes = {
	auth: [
		route("POST /api/v1/auth/register", "register", users.create, {
			status: 202,
			refusals: ["TOO_MANY_REGISTRATIONS"]
		}),
		route("POST /api/v1/auth/login", "login", users.authenticate, {
			refusals: ["INVALID_CREDENTIALS", "TOO_MANY_SIGN_INS"]
		}),
		route("GET /.well-known/jwks.json", "getKeys", users.keys, { cache: "public, max-age=300" })
	],
	users: [
		route("GET /api/v1/users/me", "getMe", users.get, { omit: ["id"], etag: true }),
		route("PATCH /api/v1/users/me", "updateMe", users.update, {
			omit: ["id", "role", "locked"],
			etag: true
		}),
		route("GET /api/v1/users", "listUsers", users.list),
		route("GET /api/v1/users/{id}", "getUser", users.get, { roles: admins, etag: true }),
		route("PATCH /api/v1/users/{id}", "updateUser", users.update, {
			roles: admins,
			etag: true,
			refusals: ["LAST_ADMIN"]
		})
	],
	catalogue: [
		route("GET /api/v1/products", "listProducts", products.list, fresh),
		route("GET /api/v1/products/{id}", "getProduct", products.get, fresh),
		route("GET /api/v1/categories", "listCategories", products.categories, fresh),
		route("POST /api/v1/products", "createProduct", products.create, {
			status: 201,
			location: "/api/v1/products/{id}",
			etag: true,
			refusals: ["DUPLICATE_SKU"]
		}),
		route("PATCH /api/v1/products/{id}", "updateProduct", products.update, {
			etag: true,
			refusals: ["DUPLICATE_SKU"]
		}),
		route("DELETE /api/v1/products/{id}", "archiveProduct", products.archive, { etag: true }),
		route("GET /api/v1/products/{product_id}/stock", "getStock", products["stock.get"]),
		route("POST /api/v1/products/{product_id}/stock", "adjustStock", products["stock.adjust"], {
			refusals: ["INSUFFICIENT_STOCK"]
		})
	],
	orders: [
		route("POST /api/v1/orders", "placeOrder", orders.place, {
			status: 201,
			member: "order",
			location: "/api/v1/orders/{id}",
			etag: true,
			refusals: [
				"FORBIDDEN",
				"UNKNOWN_PRODUCT",
				"MIXED_CURRENCIES",
				"CURRENCY_NOT_PAYABLE",
				"SHIPPING_NOT_PRICED",
				"AMOUNT_TOO_SMALL",
				"AMOUNT_TOO_LARGE",
				"PRICE_CHANGED",
				"TOO_MANY_OPEN_ORDERS"
			]
		}),
		route("GET /api/v1/orders", "listOrders", orders.list),
		route("GET /api/v1/orders/{id}", "getOrder", orders.get, { etag: true }),
		route("GET /api/v1/orders/{id}/events", "listOrderEvents", orders.events),
		route("GET /api/v1/orders/{order_id}/payment", "getOrderPayment", payments.get, {
			omit: ["id"]
		}),
		route("POST /api/v1/orders/{id}/cancel", "cancelOrder", orders.cancel, {
			member: "order",
			etag: true,
			unless: { status: 202, when: isUndecided },
			refusals: ["ILLEGAL_TRANSITION"]
		}),
		route("POST /api/v1/orders/{id}/ship", "shipOrder", orders.ship, {
			etag: true,
			refusals: ["ILLEGAL_TRANSITION"]
		}),
		route("PUT /api/v1/orders/{id}/shipment", "correctShipment", orders.correctShipment, {
			etag: true,
			refusals: ["ILLEGAL_TRANSITION"]
		}),
		route("POST /api/v1/orders/{id}/deliver", "deliverOrder", orders.deliver, {
			etag: true,
			refusals: ["ILLEGAL_TRANSITION"]
		})
	],
	returns: [
		route("POST /api/v1/orders/{id}/returns", "requestReturn", orders["return.request"], {
			status: 201,
			member: "return",
			location: "/api/v1/returns/{id}",
			refusals: ["ILLEGAL_TRANSITION", "RETURN_EXCEEDS_ORDER"]
		}),
		route("GET /api/v1/orders/{id}/returns", "listReturns", orders["return.list"]),
		route("GET /api/v1/returns/{id}", "getReturn", orders["return.get"]),
		route("POST /api/v1/returns/{id}/approve", "approveReturn", orders["return.approve"], {
			refusals: ["ILLEGAL_TRANSITION"]
		}),
		route("POST /api/v1/returns/{id}/reject", "rejectReturn", orders["return.reject"], {
			refusals: ["ILLEGAL_TRANSITION"]
		})
	],
	sagas: [
		route("GET /api/v1/ops/sagas", "listSagas", orders["saga.list"]),
		route("GET /api/v1/ops/sagas/{id}", "getSaga", orders["saga.get"]),
		route("POST /api/v1/ops/sagas/{id}/retry", "retrySaga", orders["saga.retry"], {
			refusals: ["ILLEGAL_TRANSITION"]
		}),
		route("POST /api/v1/ops/sagas/{id}/resolve", "resolveSaga", orders["saga.resolve"], {
			refusals: ["ILLEGAL_TRANSITION"]
		})
	],
	payments: [
		// Before the path in which it would be an id.
		route("POST /api/v1/payments/webhook", "receivePaymentMessage", payments.webhook, {
			payload: "body_base64",
			refusals: ["INVALID_SIGNATURE", "MALFORMED_JSON"]
		}),
		route("GET /api/v1/payments/{id}", "getPayment", payments.get, { omit: ["order_id"] }),
		route("POST /api/v1/payments/{id}/refund", "refundPayment", payments.refund, {
			member: "payment",
			refusals: ["PAYMENT_NOT_REFUNDABLE", "REFUND_EXCEEDS_PAYMENT", "REFUND_REFUSED"]
		})
	],
	ops: [
		route("GET /api/v1/ops/payments/reviews", "listReviews", payments["review.list"]),
		route(
			"POST /api/v1/ops/payments/reviews/{id}/decision",
			"decideReview",
			payments["review.decide"],
			{
				refusals: ["PAYMENT_NOT_IN_REVIEW"]
			}
		)
	],
	streams: [
		route("GET /api/v1/ops/outbox", "getOutbox", orders["outbox.lag"]),
		route("POST /api/v1/ops/outbox/refill", "refillStream", orders["outbox.refill"]),
		route("POST /api/v1/ops/outbox/product/refill", "refillLowStock", products["outbox.refill"]),
		route("POST /api/v1/ops/outbox/analytics/refill", "refillWindows", sales["outbox.refill"]),
		...consumerRoutes("analytics", "Analytics", sales),
		route("POST /api/v1/ops/outbox/webhook/refill", "refillWebhooks", hooks["outbox.refill"]),
		...consumerRoutes("notification", "Notification", messages),
		...consumerRoutes("webhook", "Webhook", hooks)
	],
	notifications: [
		route("GET /api/v1/notifications", "listNotifications", messages.list, {
			refusals: ["FORBIDDEN"]
		}),
		route("GET /api/v1/notifications/{id}", "getNotification", messages.get),
		route("POST /api/v1/notifications/{id}/resend", "resendNotification", messages.resend),
		route("GET /api/v1/notifications/{id}/preview", "previewNotification", messages.preview),
		route(
			"GET /api/v1/users/me/notification-preferences",
			"getPreferences",
			messages["preferences.get"]
		),
		route(
			"PUT /api/v1/users/me/notification-preferences",
			"setPreferences",
			messages["preferences.set"]
		)
	],
	webhooks: [
		route("POST /api/v1/webhooks", "createWebhook", hooks.create, {
			status: 201,
			location: "/api/v1/webhooks/{id}",
			refusals: ["DUPLICATE_WEBHOOK", "TOO_MANY_WEBHOOKS"]
		}),
		route("GET /api/v1/webhooks", "listWebhooks", hooks.list),
		route("GET /api/v1/webhooks/{id}", "getWebhook", hooks.get),
		route("PATCH /api/v1/webhooks/{id}", "updateWebhook", hooks.update, {
			refusals: ["DUPLICATE_WEBHOOK"]
		}),
		route("DELETE /api/v1/webhooks/{id}", "removeWebhook", hooks.remove),
		route("POST /api/v1/webhooks/{id}/secret", "rotateWebhookSecret", hooks.rotateSecret),
		route("POST /api/v1/webhooks/{id}/ping", "pingWebhook", hooks.ping, {
			status: 201,
			refusals: ["WEBHOOK_DISABLED"]
		}),
		route("POST /api/v1/webhooks/{id}/redeliver", "redeliverWebhook", hooks.redeliverFailed, {
			refusals: ["WEBHOOK_DISABLED"]
		}),
		route("GET /api/v1/webhooks/{webhook_id}/deliveries", "listDeliveries", hooks["delivery.list"]),
		route(
			"GET /api/v1/webhooks/{webhook_id}/deliveries/{id}",
			"getDelivery",
			hooks["delivery.get"]
		),
		route(
			"POST /api/v1/webhooks/{webhook_id}/deliveries/{id}/redeliver",
			"redeliver",
			hooks["delivery.redeliver"],
			{ refusals: ["WEBHOOK_DISABLED"] }
		)
	],
	analytics: [
		route("GET /api/v1/analytics/windows", "listWindows", sales.windows),
		route("GET /api/v1/analytics/summary", "getSalesSummary", sales.summary),
		route("GET /api/v1/analytics/top-products", "listTopProducts", sales.topProducts),
		route("GET /api/v1/analytics/stream", "streamWindows", sales.changes, {
			live: true,
			omit: ["limit"],
			media: text("event-stream"),
			refusals: ["MALFORMED_HEADER", "TOO_MANY_STREAMS"]
		})
	],
	operation: [
		route("GET /", "getHome", own.home, {
			...pageOrJson,
			json: pagesAsJson.home
		}),
		route("GET /problems", "listProblemTypes", own.problemTypes, {
			...pageOrJson,
			json: pagesAsJson.problemTypes
		}),
		route("GET /problems/{code}", "getProblemType", own.problemType, {
			...pageOrJson,
			json: pagesAsJson.problemType
		}),
		route("GET /health", "getHealth", own.health, { unless: { status: 503, when: isDown } }),
		route("GET /health/live", "getLive", own.live),
		route("GET /health/ready", "getReady", own.ready, {
			unless: { status: 503, when: isUnready }
		}),
		route("GET /metrics", "getMetrics", own.metrics, {
			media: text("plain; version=0.0.4"),
			refusals: ["NOT_FOUND"]
		}),
		route("GET /openapi.json", "getDescription", own.description, fresh),
		route("GET /asyncapi.json", "getStreams", own.streams, fresh),
		route("GET /docs", "getDocs", own.docs, { ...fresh, media: text("html"), policy: page }),
		route("GET /docs/{file}", "getDocsFile", own.docsFile, {
			...anHour,
			media: [...text("css"), ...text("javascript"), "image/png"]
		}),
		route("GET /dev/mailbox", "getMailbox", own.mailbox, {
			local: true,
			media: text("html"),
			policy: mailbox,
			refusals: ["NOT_FOUND"]
		}),
		route("GET /dev/mailbox/{id}", "getMailboxMessage", own.mailboxMessage, {
			local: true,
			media: text("html"),
			policy: mailbox
		}),
		route("GET /dev/mailbox/{id}/html", "getMailboxHtml", own.mailboxHtml, {
			local: true,
			media: text("html"),
			policy: mail
		}),
		route("GET /images/{name}", "getImage", own.image, {
			...anHour,
			media: ["image/svg+xml", "image/png", "image/jpeg", "image/webp"]
		})
	]
} as const satisfies Record<string, readonly Route[]>;
