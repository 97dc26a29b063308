import type { Dashboard } from "./grafana-layout.ts";

const requests = 'http_requests_total{job="shop",route!~"/health.*|/metrics"}';
const getDuration =
	'rate(http_request_duration_seconds_bucket{job="shop",method="GET",route!~"/health.*|/metrics|/api/v1/analytics/stream"}[5m])';

const confirmed = (quantile: number) =>
	`histogram_quantile(${quantile}, sum by (le) (rate(shop_order_confirmation_seconds_bucket{job="shop"}[5m])))`;

/** The first page of Grafana: whether customers are served, and if not, which part is behind. */
export const overview: Dashboard = {
	uid: "shop-overview",
	title: "Shop overview",
	rows: [
		{
			title: "Orders",
			panels: [
				{
					title: "Orders a minute",
					about:
						"Orders that reached a status, a minute. Confirmed falls behind pending when something is stuck.",
					unit: "short",
					queries: [
						{
							expr: 'sum by (status) (rate(shop_orders_total{job="shop"}[5m])) * 60',
							legend: "{{status}}"
						}
					]
				},
				{
					title: "Time to confirmation",
					about:
						"From the placing of an order to its confirmation. It includes what customers take at their bank.",
					unit: "s",
					queries: [
						{ expr: confirmed(0.5), legend: "half of them" },
						{ expr: confirmed(0.95), legend: "95 %" }
					]
				},
				{
					title: "Payments a minute",
					about: "Payments by outcome, a minute.",
					unit: "short",
					queries: [
						{
							expr: 'sum by (result) (rate(shop_payments_total{job="shop"}[5m])) * 60',
							legend: "{{result}}"
						}
					]
				},
				{
					title: "Orders in progress",
					about:
						"Orders with a running saga by what they wait for. New ones are refused beyond ORDERS_MAX_IN_FLIGHT.",
					unit: "short",
					queries: [
						{ expr: 'max by (waits_for) (shop_sagas{job="shop"})', legend: "{{waits_for}}" }
					]
				},
				{
					title: "Oldest order in progress",
					about:
						"Time since the order that has not changed for longest changed, by what it waits for.",
					unit: "s",
					queries: [
						{
							expr: 'max by (waits_for) (shop_saga_oldest_seconds{job="shop"})',
							legend: "{{waits_for}}"
						}
					]
				},
				{
					title: "Waits for staff",
					about:
						"Payments and refunds in review, messages that consumers could not handle, and webhooks that are disabled.",
					unit: "short",
					type: "stat",
					redFrom: 1,
					queries: [
						{
							expr: 'max by (kind) (shop_payments_in_review{job="shop"})',
							legend: "{{kind}}s in review"
						},
						{ expr: 'sum(max by (group) (shop_dead_letters{job="shop"}))', legend: "dead letters" },
						{ expr: 'max(shop_webhooks_disabled{job="shop"})', legend: "webhooks disabled" }
					]
				}
			]
		},
		{
			title: "Gateway",
			panels: [
				{
					title: "Requests a second",
					about: "Requests of customers by status, without health checks.",
					unit: "reqps",
					queries: [{ expr: `sum by (status) (rate(${requests}[5m]))`, legend: "{{status}}" }]
				},
				{
					title: "Requests that failed",
					about:
						"Share of requests that the shop answered with 5xx. The objective is 0.1 % in a month.",
					unit: "percentunit",
					queries: [
						{ expr: "shop:http_errors:ratio_rate5m", legend: "5 minutes" },
						{ expr: "shop:http_errors:ratio_rate1h", legend: "1 hour" }
					]
				},
				{
					title: "Duration of reads",
					about: "GET requests without live streams.",
					unit: "s",
					queries: [
						{
							expr: `histogram_quantile(0.5, sum by (le) (${getDuration}))`,
							legend: "half of them"
						},
						{ expr: "shop:http_get_duration_seconds:p99_5m", legend: "99 %" }
					]
				}
			]
		},
		{
			title: "Events and messages",
			panels: [
				{
					title: "Oldest unpublished event",
					about: "Age of the oldest event that waits in an outbox. It grows while Kafka is down.",
					unit: "s",
					queries: [
						{ expr: 'max by (service) (shop_outbox_seconds{job="shop"})', legend: "{{service}}" }
					]
				},
				{
					title: "Lag of consumers",
					about: "Events that a consumer has not handled yet.",
					unit: "short",
					queries: [
						{ expr: 'max by (group) (shop_stream_lag_messages{job="shop"})', legend: "{{group}}" }
					]
				},
				{
					title: "Oldest waiting message",
					about: "Time since the oldest message to a customer or webhook was due.",
					unit: "s",
					queries: [
						{
							expr: 'max by (channel) (shop_notifications_waiting_seconds{job="shop"})',
							legend: "{{channel}}"
						},
						{
							expr: 'max(shop_webhook_deliveries_waiting_seconds{job="shop"})',
							legend: "webhooks"
						}
					]
				}
			]
		},
		{
			title: "Nodes",
			panels: [
				{
					title: "Nodes that answer",
					about: "Nodes that could be scraped, by service.",
					unit: "short",
					type: "stat",
					queries: [{ expr: 'sum by (node) (up{job="shop"})', legend: "{{node}}" }]
				},
				{
					title: "Busy connections to Postgres",
					about: "Share of each pool that is in use. At 100 % requests wait.",
					unit: "percentunit",
					queries: [
						{
							expr: 'sum by (service, pool) (shop_database_connections{job="shop",state="busy"}) / sum by (service, pool) (shop_database_connections_max{job="shop"})',
							legend: "{{service}} {{pool}}"
						}
					]
				},
				{
					title: "Requests that wait for a connection",
					about: "More than 0 for minutes: DATABASE_POOL is too small, or Postgres is slow.",
					unit: "short",
					queries: [
						{
							expr: 'sum by (service, pool) (shop_database_waiting_requests{job="shop"})',
							legend: "{{service}} {{pool}}"
						}
					]
				},
				{
					title: "Event-loop delay",
					about: "How late a timer ran at most in 15 s. A node that computes answers late.",
					unit: "s",
					queries: [
						{
							expr: 'max by (node) (shop_event_loop_delay_max_seconds{job="shop"})',
							legend: "{{node}}"
						}
					]
				},
				{
					title: "Memory",
					about: "Resident memory of each process. The limit of a container is 384 MB.",
					unit: "bytes",
					queries: [
						{
							expr: 'max by (node) (process_resident_memory_bytes{job="shop"})',
							legend: "{{node}}"
						}
					]
				},
				{
					title: "Processor",
					about: "Cores that each node uses; a process has hardly more than one.",
					unit: "short",
					queries: [
						{
							expr: 'sum by (node) (rate(process_cpu_seconds_total{job="shop"}[5m]))',
							legend: "{{node}}"
						}
					]
				},
				{
					title: "Open circuit breakers",
					about:
						"Endpoints that a node does not call because calls failed, and the state of that before the payment provider: 1 is half open, 2 open.",
					unit: "short",
					queries: [
						{
							expr: 'sum by (node) (shop_action_breakers_open{job="shop"})',
							legend: "{{node}}"
						},
						{ expr: 'max(shop_psp_breaker_state{job="shop"})', legend: "payment provider" }
					]
				},
				{
					title: "Bus",
					about: "Whether the bus answers each node: 1 or 0.",
					unit: "short",
					queries: [{ expr: 'min by (node) (shop_bus_connected{job="shop"})', legend: "{{node}}" }]
				},
				{
					title: "Versions",
					about: "Nodes by the version that they run: two while one replaces the other.",
					unit: "short",
					type: "stat",
					queries: [
						{
							expr: 'count by (version) (shop_build_info{job="shop"})',
							legend: "{{version}}"
						}
					]
				}
			]
		}
	]
};
