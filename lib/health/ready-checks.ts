import type { ServiceBroker } from "moleculer";
import type { ActionContract, ActionSpec } from "../schema.ts";
import { call } from "../service.ts";

export type Checks = Record<string, "up" | "down">;

/** A service that says whether it works: `ready` fails while it cannot use what it needs. */
export interface Checkable {
	name: string;
	actions: { ready: ActionContract<ActionSpec> };
}

const isOk = (answer: unknown) => (answer as { ok: boolean }).ok;

/**
 * Calls the `ready` of every service concurrently; each has a second to respond.
 * @param nodeID asks this node only, whose breaker may be open while another node answers
 */
export async function checkReady(
	broker: ServiceBroker,
	parts: readonly Checkable[],
	nodeID?: string
): Promise<Checks> {
	const { registry } = broker;
	// A call of an action that no node has writes a warning.
	const isKnown = (name: string) =>
		nodeID === undefined
			? registry.actions.isAvailable(name)
			: registry.getActionEndpointByNodeId(name, nodeID)?.isAvailable;
	const states = await Promise.all(
		parts.map(async ({ name, actions }) => {
			const known = isKnown(`${name}.ready`);
			const answer = known && call(broker, actions.ready, {}, { nodeID }).then(isOk);
			const up = await Promise.resolve(answer).catch(() => false);
			return [name, up ? "up" : "down"] as const;
		})
	);
	return Object.fromEntries(states);
}
