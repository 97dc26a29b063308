import type { Middleware, ServiceBroker } from "moleculer";
import { runStopPhases } from "../lib/shutdown/phases.ts";

/** Longer than the longest step: the gateway lingers for 1 s and drains for 10 s (services/gateway). */
const limitMs = 12_000;

/**
 * Runs the phases of a stop when other nodes know that this one stops, and before its services stop, which Moleculer does
 * with all of them at the same time. Last in the list of middlewares, so that its hook is the first.
 */
export const StopInPhases: Middleware = {
	name: "StopInPhases",
	stopping(broker: ServiceBroker) {
		return runStopPhases(broker.services, {
			limitMs,
			onError: (step, error) => broker.logger.error(`the step ${step} of the stop failed:`, error)
		});
	}
} as unknown as Middleware;
