import type { ServiceBroker } from "moleculer";
import type { Gauge } from "../../lib/gauges.ts";
import type { Outcome } from "./webhook.decisions.ts";

/** Counts attempts; the metrics service of this node, if it runs, stores the counter. */
export function countAttempt(broker: ServiceBroker, { state }: Outcome): void {
	const labels = { result: state === "pending" ? "deferred" : state };
	const metric = { name: "shop_webhook_attempts_total", method: "inc", labels, value: 1 };
	void broker.broadcastLocal("metrics.update", metric);
}

export interface Backlog {
	count: number;
	seconds: number;
	/** Endpoints whose last attempt failed. */
	failing: number;
	/** Endpoints to which nothing is sent. */
	disabled: number;
}

/** Size and age of what is due, and how many webhooks are disabled. */
export const backlogGauges = ({ count, seconds, failing, disabled }: Backlog): Gauge[] => [
	{ name: "shop_webhook_deliveries_waiting", labels: {}, value: count },
	{ name: "shop_webhook_deliveries_waiting_seconds", labels: {}, value: seconds },
	{ name: "shop_webhooks_failing", labels: {}, value: failing },
	{ name: "shop_webhooks_disabled", labels: {}, value: disabled }
];
