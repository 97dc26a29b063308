import type { ServiceBroker } from "moleculer";
import { publishGauges, type Gauge } from "../gauges.ts";
import type { Checks } from "./ready-checks.ts";

const gauge = (check: string, isUp: boolean): Gauge => ({
	name: "shop_health_check_up",
	labels: { check },
	value: isUp ? 1 : 0
});

/** Publishes what a health check found, so that an alert can say it; it is not asked for more often by that. */
export function publishHealth(broker: ServiceBroker, ready: boolean, checks: Checks): void {
	publishGauges(broker, [
		gauge("ready", ready),
		...Object.entries(checks).map(([name, state]) => gauge(name, state === "up"))
	]);
}
