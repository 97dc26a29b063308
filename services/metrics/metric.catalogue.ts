/** A metric as prom-client takes it. */
interface MetricDefinition {
	type: "Counter" | "Gauge" | "Histogram";
	help: string;
	labelNames?: readonly string[];
	/** Upper bounds, of a histogram. */
	buckets?: readonly number[];
}

const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** For gauges of a database or log that all nodes read. */
const alike = "every node measures the same, so take the max of them, not the sum";

/** What nodes expose besides what prom-client measures of their process, by name. A node has values of its own services. */
export const metrics = {
	moleculer_nodes_total: {
		type: "Gauge",
		help: "Nodes on the bus that this node sees, itself included"
	},
	moleculer_services_total: {
		type: "Gauge",
		help: "Services on the bus that this node sees"
	},
	http_requests_total: {
		type: "Counter",
		labelNames: ["method", "route", "status"],
		help: "HTTP requests by route template and status"
	},
	http_request_duration_seconds: {
		type: "Histogram",
		labelNames: ["method", "route"],
		help: "Time from a request's head to the end of its response",
		buckets: seconds
	},
	http_connections: {
		type: "Gauge",
		help: "Open connections of the gateway"
	},
	http_connections_dropped_total: {
		type: "Counter",
		labelNames: ["limit", "dropped"],
		help: "Connections beyond CONNECTIONS_MAX (all) or CONNECTIONS_MAX_OF_NETWORK (network): the oldest that was not in use, or else the new one"
	},
	action_duration_seconds: {
		type: "Histogram",
		labelNames: ["action", "outcome"],
		help: "Time of actions that ran on this node",
		buckets: seconds
	},
	shop_orders_total: {
		type: "Counter",
		labelNames: ["status"],
		help: "Orders that reached a status"
	},
	shop_account_attempts_total: {
		type: "Counter",
		labelNames: ["attempt", "result"],
		help: "Sign-ins and registrations by result: ok, wrong, limited, overloaded, error"
	},
	shop_outbox_rows: {
		type: "Gauge",
		labelNames: ["service"],
		help: `Events not published yet, counted up to 10,000; ${alike}`
	},
	shop_outbox_seconds: {
		type: "Gauge",
		labelNames: ["service"],
		help: `Age of the oldest event that waits to be published; ${alike}`
	},
	shop_stream_lag_messages: {
		type: "Gauge",
		labelNames: ["group"],
		help: `Messages that a consumer has not handled yet; ${alike}`
	},
	shop_dead_letters: {
		type: "Gauge",
		labelNames: ["group"],
		help: `Dead-lettered messages that have not been redriven; ${alike}`
	},
	shop_late_events_total: {
		type: "Counter",
		help: "Events that arrived too late to be counted in their window"
	},
	shop_payments_total: {
		type: "Counter",
		labelNames: ["result"],
		help: "Payments by outcome"
	},
	shop_payments_amount_minor_total: {
		type: "Counter",
		labelNames: ["result", "currency"],
		help: "Amount of payments by outcome, in minor units"
	},
	shop_webhook_attempts_total: {
		type: "Counter",
		labelNames: ["result"],
		help: "Attempts at webhook deliveries by result: delivered, deferred (tried again later) or failed"
	},
	shop_webhook_deliveries_waiting: {
		type: "Gauge",
		help: `Webhook deliveries that are due and not made, counted up to 10,000; ${alike}`
	},
	shop_webhook_deliveries_waiting_seconds: {
		type: "Gauge",
		help: `Time since the oldest of them was due; ${alike}`
	},
	shop_webhooks_failing: {
		type: "Gauge",
		help: `Webhooks whose last attempt failed; ${alike}`
	},
	shop_webhooks_disabled: {
		type: "Gauge",
		help: `Webhooks that are disabled; ${alike}`
	},
	shop_notifications_total: {
		type: "Counter",
		labelNames: ["channel", "result"],
		help: "Messages by delivery outcome; a message counts each time it is rescheduled"
	},
	shop_notifications_waiting: {
		type: "Gauge",
		labelNames: ["channel"],
		help: `Messages that are due and not sent, counted up to 10,000 (100 in DynamoDB); ${alike}`
	},
	shop_notifications_waiting_seconds: {
		type: "Gauge",
		labelNames: ["channel"],
		help: `Time since the oldest waiting message was due; ${alike}`
	},
	shop_psp_breaker_state: {
		type: "Gauge",
		help: "Circuit breaker of the payment provider: 0 closed, 1 half open (the next call is a trial), 2 open"
	},
	shop_psp_failures_total: {
		type: "Counter",
		labelNames: ["call", "result"],
		help: "Calls of the payment provider without an answer, rate-limited or not made"
	},
	shop_build_info: {
		type: "Gauge",
		labelNames: ["version", "node_version"],
		help: "Always 1: the version of the shop, and of Node, that this node runs"
	},
	shop_health_check_up: {
		type: "Gauge",
		labelNames: ["check"],
		help: "Health checks of this node when they were last asked for: 1 up, 0 down. The check ready is the answer of /health/ready on HEALTH_PORT, shop that of a gateway on PORT"
	},
	shop_bus_connected: {
		type: "Gauge",
		labelNames: ["bus"],
		help: "Whether the bus answered this node: 1 or 0; a node without a bus has no value"
	},
	shop_event_loop_delay_max_seconds: {
		type: "Gauge",
		help: "How late a timer ran at most in the last 15 s"
	},
	shop_action_breakers_open: {
		type: "Gauge",
		help: "Endpoints of actions that this node does not call because their circuit breaker is open"
	},
	shop_database_connections: {
		type: "Gauge",
		labelNames: ["service", "pool", "state"],
		help: "Connections to Postgres by state: busy or idle"
	},
	shop_database_connections_max: {
		type: "Gauge",
		labelNames: ["service", "pool"],
		help: "Most connections of a pool (DATABASE_POOL)"
	},
	shop_database_waiting_requests: {
		type: "Gauge",
		labelNames: ["service", "pool"],
		help: "Requests that wait for a connection of the pool"
	},
	shop_sagas: {
		type: "Gauge",
		labelNames: ["waits_for"],
		help: `Orders in progress by what their saga waits for, none for one that runs, counted up to 10,000; ${alike}`
	},
	shop_saga_oldest_seconds: {
		type: "Gauge",
		labelNames: ["waits_for"],
		help: `Longest time since the order or the return of a saga last changed, of those counted; ${alike}`
	},
	shop_order_confirmation_seconds: {
		type: "Histogram",
		help: "Time from the placing of an order to its confirmation",
		buckets: [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900]
	},
	shop_payments_in_review: {
		type: "Gauge",
		labelNames: ["kind"],
		help: `Payments and refunds whose outcome staff must decide; ${alike}`
	}
} as const satisfies Record<string, MetricDefinition>;

export type MetricName = keyof typeof metrics;
