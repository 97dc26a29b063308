import type { ServiceBroker } from "moleculer";
import { publishGauges, type Gauge } from "../gauges.ts";
import type { Checks } from "./ready-checks.ts";

const gauge = (check: string, isUp: boolean): Gauge => ({
	name: "shop_health_check_up",
	labels: { check },
	value: isUp ? 1 : 0
});

/** The answer of /health/ready: of a node about itself (on HEALTH_PORT), or of a gateway about the shop (on PORT). */
export type Answer = "ready" | "shop";

/** Publishes what a health check found, so that an alert can say it; it is not asked for more often by that. */
export function publishHealth(
	broker: ServiceBroker,
	answer: Answer,
	isUp: boolean,
	checks: Checks
): void {
	publishGauges(broker, [
		gauge(answer, isUp),
		...Object.entries(checks).map(([name, state]) => gauge(name, state === "up"))
	]);
}
