import type { Middleware, ServiceBroker } from "moleculer";

/**
 * Tells other nodes of this node's services when it has started. Moleculer does so up to a second later, because it
 * debounces: a launcher that was told "ready" would stop the only other node of a service before anyone knew this one.
 */
export const AnnounceServices: Middleware = {
	name: "AnnounceServices",
	async started(broker: ServiceBroker) {
		if (broker.transit) await broker.registry.discoverer.sendLocalNodeInfo();
	}
} as unknown as Middleware;
