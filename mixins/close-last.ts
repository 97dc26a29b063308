import type { Middleware, ServiceBroker } from "moleculer";

/**
 * What services of a node share an end with, because others still use it while they stop: pools and the event log.
 * Moleculer stops all services at once, and one that has stopped can still have calls of another in progress.
 */

interface ClosingStep {
	/** What is closed, for the log. */
	what: string;
	close(): Promise<unknown>;
}

const steps = new WeakMap<ServiceBroker, ClosingStep[]>();

/** Closes this when all services of the broker have stopped, after what is registered later. */
export function closeLast(broker: ServiceBroker, step: ClosingStep): void {
	const own = steps.get(broker) ?? [];
	steps.set(broker, own);
	own.push(step);
}

/** Closes what was registered, the latest first, whether the others succeed or not. */
export const CloseLast: Middleware = {
	name: "CloseLast",
	async stopped(broker: ServiceBroker) {
		const own = steps.get(broker) ?? [];
		steps.delete(broker);
		for (const { what, close } of own.reverse())
			await close().catch(({ message }: Error) =>
				broker.logger.warn(`${what} was not closed:`, message)
			);
	}
} as unknown as Middleware;
