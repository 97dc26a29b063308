import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** How wrong a clock is: most time services correct less at once. */
const mostMs = 600_000;

interface Clock {
	skewMs: number;
	steps?: boolean;
}

/** Nodes whose clocks differ from the database's. Another node of most of these services has a right one. */
const clocks: Readonly<Record<string, Clock>> = {
	"gateway-2": { skewMs: mostMs, steps: true },
	"order-2": { skewMs: mostMs, steps: true },
	"product-2": { skewMs: mostMs },
	"payment-2": { skewMs: mostMs, steps: true },
	"notification-1": { skewMs: -mostMs },
	"analytics-1": { skewMs: mostMs },
	// The signature has a time, and receivers refuse one that is five minutes off.
	"webhook-1": { skewMs: -mostMs }
};

const preload = pathToFileURL(join(import.meta.dirname, "skewed-clock.ts"));

/** The environment of a node with a wrong clock; empty for the others. */
export function clockEnvironment(node: string): Record<string, string> {
	const clock = clocks[node];
	if (!clock) return {};
	return {
		NODE_OPTIONS: `--import=${preload}`,
		CLOCK_SKEW_MS: String(clock.skewMs),
		...(clock.steps && { CLOCK_STEPS: "1" })
	};
}
