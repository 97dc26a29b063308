import { schemaOf } from "../../../contracts/events.ts";

/**
 * The values of all examples of the API description, each stated once: by the name of a member, or by an operation or an
 * object and the member where one name has several values. What is missing here follows from the schema (examples.ts).
 * They are data of the demo, so that a request can be tried as it is. The answers about an order agree: Alice buys
 * two drippers and sends one back.
 */

const orderId = "019caa13-6a00-7000-8000-000000000001";

/** Ids by the collection of the path. The page replaces those of the demo's orders by real ones (page/start.js). */
export const ids = {
	users: "user-123",
	products: "prod-001",
	orders: orderId,
	sagas: orderId,
	payments: "019caa13-6a00-7000-8000-000000000002",
	returns: "019caa13-6a00-7000-8000-000000000003",
	notifications: "019caa13-6a00-7000-8000-000000000004",
	reviews: "019caa13-6a00-7000-8000-000000000005",
	"dead-letters": "019caa13-6a00-7000-8000-000000000006",
	mailbox: "019caa13-6a00-7000-8000-000000000007",
	webhooks: "019caa13-6a00-7000-8000-00000000000b",
	deliveries: "019caa13-6a00-7000-8000-00000000000c"
} as const;

const refundId = "019caa13-6a00-7000-8000-000000000008";
const eventId = "019caa13-6a00-7000-8000-000000000009";

/** Swagger UI fills it in, and the page replaces it by a new one for each request. */
export const exampleKey = "019caa13-6a00-7000-8000-00000000000a";

export const exampleInstant = "2026-03-01T12:00:00.000Z";
const aMinuteLater = "2026-03-01T12:01:00.000Z";

const usd = (amount: number) => ({ amount, currency: "USD" });
const dripper = { product_id: ids.products, quantity: 2 };
const oneDripper = { ...dripper, quantity: 1 };
const dripperName = "Ceramic Pour-Over Dripper";
const parcel = { carrier: "DHL", tracking_number: "00340434161094042557" };

/** Optional members of bodies that an example has; it has all required ones. */
export const optionalMembers: Readonly<Record<string, readonly string[]>> = {
	register: ["name", "locale"],
	updateMe: ["name", "locale"],
	updateUser: ["locked"],
	createProduct: ["description"],
	updateProduct: ["price"],
	shipping_address: ["state", "zip"],
	cancelOrder: ["reason"],
	approveReturn: ["restock"],
	refundPayment: ["amount"],
	refillStream: ["dry_run"],
	refillLowStock: ["dry_run"],
	refillWindows: ["dry_run"],
	refillWebhooks: ["dry_run"],
	replayAnalytics: ["dry_run"],
	replayNotification: ["dry_run"],
	replayWebhook: ["dry_run"],
	redriveAnalyticsLetters: ["limit"],
	redriveNotificationLetters: ["limit"],
	redriveWebhookLetters: ["limit"],
	createWebhook: ["description"],
	updateWebhook: ["enabled"],
	setPreferences: ["order_confirmation", "shipment"]
};

const people = {
	user_id: ids.users,
	email: "alice@shop.test",
	password: "demo-Password-1",
	phone: "+4930123456",
	"User.id": ids.users,
	"user.id": ids.users,
	"User.name": "Alice Martin",
	"updateMe.name": "Alice Martin",
	"register.email": "jo@example.com",
	"register.name": "Jo Example",
	"register.password": "a-long-Password-1",
	// The lock is as it was, so that trying it changes nothing of the demo.
	"updateUser.id": "user-456",
	"updateUser.email": "bob@shop.test",
	"updateUser.name": "Bob Keller",
	"actor.id": ids.users,
	"actor.role": "customer",
	"AccessGrant.access_token": "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ1c2VyLTEyMyJ9.c2lnbmF0dXJl",
	"AccessGrant.expires_in": 600,
	"KeySet.keys": [
		{ kty: "OKP", crv: "Ed25519", x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", kid: "key-1" }
	]
};

const catalogue = {
	product_id: ids.products,
	category: "coffee",
	sku: "COF-DRIP-01",
	price: usd(2999),
	description: "Cone dripper with spiral ribs for one to two cups of filter coffee.",
	stock: 120,
	available: 498,
	on_hand: 500,
	reserved: 2,
	image_url: "/images/prod-001.svg",
	"Product.id": ids.products,
	"Product.name": dripperName,
	"getImage.name": "prod-001.svg",
	// Not the product that the other examples buy.
	"archiveProduct.id": "prod-024",
	"archiveProduct.sku": "AUD-EARB-01",
	"archiveProduct.name": "Wireless Earbuds",
	"archiveProduct.archived": true,
	"createProduct.sku": "COF-FILT-02",
	"createProduct.name": "Filter Papers Size 02",
	"createProduct.description": "Unbleached, 100 pieces.",
	"createProduct.price": usd(690),
	"createProduct 201.id": "019caa13-6a00-7000-8000-00000000000b",
	"data.products": 5,
	delta: 10,
	"adjustStock.reason": "Delivery from the supplier",
	"Stock.ledger": [
		{
			reason: "reserved",
			order_id: ids.orders,
			on_hand: 0,
			reserved: 2,
			note: null,
			at: exampleInstant
		}
	]
};

const orders = {
	order_id: ids.orders,
	quantity: 2,
	street: "123 Main St",
	city: "San Francisco",
	state: "CA",
	zip: "94105",
	country: "US",
	payment_method: "pm_card_visa",
	"Money.amount": 5998,
	currency: "USD",
	...parcel,
	"Order.id": ids.orders,
	"Order.status": "confirmed",
	"Order.reason": null,
	"Order.shipment": null,
	"Order.version": 3,
	"OrderItem.name": dripperName,
	unit_price: usd(2999),
	"Order.totals": { subtotal: usd(5998), shipping: usd(0), tax: usd(0), total: usd(5998) },
	"payment.id": ids.payments,
	"payment.status": "succeeded",
	"payment.refunded": usd(0),
	"placeOrder.status": "pending",
	"placeOrder.payment": null,
	"placeOrder.version": 1,
	"cancelOrder.reason": "Ordered by mistake",
	"cancelOrder.status": "refund_pending",
	"cancelOrder 202.status": "payment_pending",
	"shipOrder.status": "shipped",
	"shipOrder.shipment": parcel,
	"correctShipment.status": "shipped",
	"correctShipment.shipment": parcel,
	"deliverOrder.status": "delivered",
	"deliverOrder.shipment": parcel,
	"OrderEvent.type": "order.created",
	"OrderEvent.from": null,
	"OrderEvent.reason": null,
	"OrderSnapshot.reason": null,
	"OrderSnapshot.shipment": null,
	"OrderSaga.last_error": null,
	"OrderSaga.waits_for": "customer",
	"OrderSaga.lease": null,
	"resolveSaga.note": "The customer asked for it by phone"
};

const returns = {
	"Return.id": ids.returns,
	"Return.items": [{ ...oneDripper, amount: usd(2999) }],
	"Return.reason": "It does not fit my cups",
	"Return.note": null,
	"Return.restock": null,
	"Return.refunded": null,
	"requestReturn 201.items": [{ ...oneDripper, amount: usd(2999) }],
	"requestReturn.items": [oneDripper],
	"requestReturn.reason": "It does not fit my cups",
	"approveReturn.status": "approved",
	"approveReturn.restock": true,
	"rejectReturn.status": "rejected",
	"rejectReturn.note": "The time for returns is over"
};

const payments = {
	payment_id: ids.payments,
	signature: "t=1772366400,v1=5257a869e7ecebeda32affa62cdca3fa51cad7e77a0e56ff536d0ce8e108d8bd",
	body_base64: {
		id: "evt_1MmlLrLkdIwHu7ix",
		object: "event",
		type: "payment_intent.succeeded",
		data: { object: { id: "pi_3MmlLrLkdIwHu7ix", object: "payment_intent" } }
	},
	"Payment.id": ids.payments,
	"Payment.status": "succeeded",
	"Payment.refunded": usd(0),
	"Payment.next_action": null,
	"Payment.refunds": [],
	"Payment.disputes": [],
	"refundPayment.refunded": usd(500),
	"refundPayment.refunds": [
		{
			id: refundId,
			amount: usd(500),
			lines: [{ product_id: ids.products, amount: 500 }],
			reason: "The box was damaged",
			status: "succeeded",
			origin: "staff",
			requested_by: "user-support",
			failure_code: null,
			created_at: exampleInstant
		}
	],
	"method.brand": "visa",
	"method.last4": "4242",
	"refundPayment.amount": usd(500),
	"refundPayment 200.amount": usd(5998),
	"refundPayment.reason": "The box was damaged",
	"Review.id": ids.reviews,
	"Review.reason": "no_answer",
	"Review.provider_ref": null,
	"decideReview.note": "The provider shows the charge"
};

const notifications = {
	event_id: eventId,
	"Notification.id": ids.notifications,
	"Notification.state": "sent",
	"Notification.reason": null,
	"Notification.provider_id": null,
	"NotificationPreview.subject": "Your order is confirmed",
	"NotificationPreview.html": "<p>Thank you for your order, Alice Martin.</p>",
	"NotificationPreview.text": "Thank you for your order, Alice Martin.",
	"NotificationPreview.short": "Your order is confirmed: 59.98 USD."
};

const streams = {
	topic: "orders",
	group: "notification",
	next_cursor: null,
	dry_run: true,
	"replayAnalytics.from": "oldest",
	"replayAnalytics.group": "analytics",
	"getAnalyticsLag.group": "analytics",
	"replayNotification.from": "oldest",
	"replayWebhook.from": "oldest",
	"replayWebhook.group": "webhook",
	"getWebhookLag.group": "webhook",
	"ReplayPlan.mode": "missing",
	"replayAnalytics.mode": "again",
	"ConsumerLag.replay": null,
	"DeadLetterEntry.id": ids["dead-letters"],
	"DeadLetterDetail.id": ids["dead-letters"],
	"RedriveResult.refused": [],
	key: ids.users,
	detail: "Unexpected token } in JSON at position 17",
	"DeadLetterEntry.reason": "not-json",
	"DeadLetterDetail.reason": "not-json",
	"DeadLetterEntry.redriven_at": null,
	"DeadLetterDetail.redriven_at": null,
	"DeadLetterDetail.headers": {
		ce_type: "order.created",
		ce_dataschema: schemaOf("order.created")
	},
	"DeadLetterDetail.text": '{"specversion":}',
	"DeadLetterDetail.base64": null,
	"DeadLetterDetail.bytes": 16
};

const webhookUrl = "https://erp.example/webhooks";
const description = "The warehouse";
const webhooks = {
	webhook_id: ids.webhooks,
	"createWebhook.url": webhookUrl,
	"createWebhook.event_types": ["order.confirmed", "order.cancelled"],
	"createWebhook.description": description,
	"updateWebhook.enabled": true,
	...Object.fromEntries(
		["Webhook", "WebhookWithSecret"].flatMap(title => [
			[`${title}.id`, ids.webhooks],
			[`${title}.url`, webhookUrl],
			[`${title}.description`, description],
			[`${title}.event_types`, ["order.confirmed", "order.cancelled"]],
			[`${title}.enabled`, true],
			[`${title}.disabled_reason`, null],
			[`${title}.failing_since`, null],
			[`${title}.last_error`, null],
			[`${title}.paused_until`, null]
		])
	),
	secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=",
	...Object.fromEntries(
		["WebhookDelivery", "WebhookDeliveryDetail"].flatMap(title => [
			[`${title}.id`, ids.deliveries],
			[`${title}.event_type`, "order.confirmed"],
			[`${title}.state`, "delivered"],
			[`${title}.attempts`, 1],
			[`${title}.next_attempt_at`, null],
			[`${title}.last_status`, 200],
			[`${title}.last_error`, null]
		])
	),
	body: `{"id":"${eventId}","type":"order.confirmed"}`,
	history: [{ at: exampleInstant, status: 200, error: null, answer: "ok", duration_ms: 12 }]
};

const sales = {
	to: aMinuteLater,
	window_end: aMinuteLater,
	orders: 1,
	revenue: 5998,
	unique_users: 1,
	average_order_value: 5998,
	units: 2,
	"Window.revision": 1,
	"Window.final": true,
	"ProductSales.name": dripperName,
	"cancellations.orders": 0,
	"refunds.orders": 0,
	"refunds.amount": 0
};

const problemType = (title: string) => ({
	[`${title}.type`]: "http://localhost:8080/problems/not-found",
	[`${title}.code`]: "not-found",
	[`${title}.status`]: 404,
	[`${title}.title`]: "Not found",
	[`${title}.advice`]: "There is nothing at this path."
});

const operation = {
	"Home.about": "The order API of The Shop, version 0.2.0",
	"Home.links": { docs: "http://localhost:8080/docs" },
	"Home.try": ["curl http://localhost:8080/api/v1/products"],
	...problemType("ProblemType"),
	...problemType("ProblemTypeOfOperations"),
	"ProblemTypeOfOperations.operations": ["GET /api/v1/orders/{id}"],
	"getProblemType.code": "not-found",
	"Health.version": "0.2.0",
	"getHealth 503.status": "down",
	"Ready.ready": true,
	"getReady 503.ready": false,
	"getDescription.result": { openapi: "3.1.0", info: { title: "moleculer-commerce" }, paths: {} },
	"getStreams.result": { asyncapi: "3.1.0", info: { title: "moleculer-commerce" }, channels: {} }
};

export const exampleValues: Readonly<Record<string, unknown>> = {
	...people,
	...catalogue,
	...orders,
	...returns,
	...payments,
	...notifications,
	...streams,
	...webhooks,
	...sales,
	...operation
};

/** Beginnings of documents, by media type without parameters. Images have none: they are bytes. */
export const exampleDocuments: Readonly<Record<string, string>> = {
	"text/plain":
		'# TYPE http_requests_total counter\nhttp_requests_total{method="GET",route="/api/v1/products",status="200"} 7\n',
	"text/event-stream":
		'event: window\nid: 1\ndata: {"window_start":"2026-03-01T12:00:00.000Z","currency":"USD","orders":1}\n\n',
	"text/html": '<!doctype html>\n<html lang="en">…</html>\n',
	"text/css": ".swagger-ui { color: #3b4151 }\n",
	"text/javascript": "SwaggerUIBundle({});\n"
};
