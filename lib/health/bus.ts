import type { ServiceBroker } from "moleculer";
import { within } from "../retry.ts";

/** A client of NATS, which knows the bus; Moleculer keeps no record of a connection that is lost. */
interface BusClient {
	/** Sends a ping. Rejects while there is no connection. */
	rtt(): Promise<number>;
}

const pingWaitMs = 1000;

/** Whether the bus answers this node within a second; undefined for a node without a bus. */
export async function isBusUp(broker: ServiceBroker): Promise<boolean | undefined> {
	if (!broker.transit) return undefined;
	const { client } = broker.transit.tx as unknown as { client?: BusClient };
	if (!client) return broker.transit.connected;
	const answer = client.rtt().then(
		() => true,
		() => false
	);
	return (await within(pingWaitMs, answer)) ?? false;
}
