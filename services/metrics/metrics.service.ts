import type { RequestListener } from "node:http";
import type { Context, Service, ServiceSchema, ServiceSettingSchema } from "moleculer";
import Prometheus from "moleculer-prometheus";
import { config } from "../../config/index.ts";
import { OperatorServer } from "../../http/operator-server.ts";

/**
 * Replaces moleculer-prometheus' own server, which listens on every interface: this one listens only if
 * METRICS_PORT is set, and on the configured host.
 */
class ScrapeServer {
	#respond!: RequestListener;
	readonly #http = new OperatorServer({ "/metrics": (req, res) => this.#respond(req, res) });
	/** What the mixin closes. */
	readonly server = { close: () => this.#http.close() };

	/** The port that was bound, when one was. */
	get port(): number | undefined {
		return this.#http.port;
	}

	get(_path: string, respond: RequestListener): void {
		this.#respond = respond;
	}

	async listen(): Promise<void> {
		const { metricsPort, host } = config();
		await this.#http.listen(metricsPort, host);
	}
}

interface Update {
	name: string;
	method: "inc" | "observe" | "set";
	labels?: Record<string, string | number>;
	value?: number;
}

interface Metrics extends Service {
	server: ScrapeServer;
	/** For the launcher and tests: the port that was bound, when one was. */
	port(): number | undefined;
	update(name: string, method: string, labels: Update["labels"] | null, value: number): void;
	updateCommonValues(): void;
}

// Its event handlers have the signature of Moleculer 0.13 and would never see their payload.
const mixin = { ...Prometheus, events: {} };

const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** For gauges of a database or log that all nodes read. */
const alike = "every node measures the same, so take the max of them, not the sum";

const settings = {
	metrics: {
		moleculer_nodes: null,
		moleculer_actions_total: null,
		moleculer_events_total: null,
		moleculer_action_endpoints_total: null,
		moleculer_service_endpoints_total: null,
		moleculer_event_endpoints_total: null,
		moleculer_req_total: null,
		moleculer_req_errors_total: null,
		moleculer_req_duration_ms: null,
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
			help: "Circuit breaker of the payment provider: 0 closed, 1 half open, 2 open"
		},
		shop_psp_failures_total: {
			type: "Counter",
			labelNames: ["call", "result"],
			help: "Calls of the payment provider without an answer, rate-limited or not made"
		}
	}
} as ServiceSettingSchema;

/** Metrics of this process. Any service reports with the local event `metrics.update`. */
const schema: ServiceSchema & ThisType<Metrics> = {
	name: "metrics",
	mixins: [mixin],

	settings,

	created() {
		this.server = new ScrapeServer();
	},

	events: {
		"metrics.update"(ctx: Context<Update>) {
			const { name, method, labels, value = 1 } = ctx.params;
			this.update(name, method, labels ?? null, value);
		},
		"$services.changed"() {
			this.updateCommonValues();
		},
		"$node.connected"() {
			this.updateCommonValues();
		},
		"$node.disconnected"() {
			this.updateCommonValues();
		}
	},

	methods: {
		port() {
			return this.server.port;
		},

		/** The original calls `$node.*` actions, which are disabled on the bus. */
		updateCommonValues() {
			if (!this.metrics) return;
			const nodes = this.broker.registry.getNodeList({ onlyAvailable: true }).length;
			const services = this.broker.registry.getServiceList({ onlyAvailable: true }).length;
			this.update("moleculer_nodes_total", "set", null, nodes);
			this.update("moleculer_services_total", "set", null, services);
		}
	}
};
export default schema;
