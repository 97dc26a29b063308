import type { Middleware, ServiceBroker } from "moleculer";
import { config } from "../config/index.ts";
import { runStopPhases } from "../lib/shutdown/phases.ts";

/** Longer than the longest step without SHUTDOWN_DELAY_MS: the gateway drains for 10 s (services/gateway). */
const limitMs = 11_000;

/**
 * Runs the phases of a stop when other nodes know that this one stops, and before its services stop, which Moleculer does
 * with all of them at the same time. Last in the list of middlewares, so that its hook is the first.
 */
export const StopInPhases: Middleware = {
	name: "StopInPhases",
	stopping(broker: ServiceBroker) {
		return runStopPhases(broker.services, {
			limitMs: config().connections.shutdownDelayMs + limitMs,
			onError: (step, error) => broker.logger.error(`the step ${step} of the stop failed:`, error)
		});
	}
} as unknown as Middleware;
