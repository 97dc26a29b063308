import type { ServiceBroker } from "moleculer";
import type { ActionContract, ActionSpec } from "../schema.ts";
import { call } from "../service.ts";

export type Checks = Record<string, "up" | "down">;

/** A service that says whether it works: `ready` fails while it cannot use what it needs. */
export interface Checkable {
	name: string;
	actions: { ready: ActionContract<ActionSpec> };
}

/** Calls the `ready` of every service concurrently; each has a second to respond. */
export async function checkReady(
	broker: ServiceBroker,
	parts: readonly Checkable[]
): Promise<Checks> {
	const states = await Promise.all(
		parts.map(async ({ name, actions }) => {
			// A call of an action that no node has writes a warning.
			const known = broker.registry.actions.isAvailable(`${name}.ready`);
			const answer = known && call(broker, actions.ready, {}).then(Boolean);
			const up = await Promise.resolve(answer).catch(() => false);
			return [name, up ? "up" : "down"] as const;
		})
	);
	return Object.fromEntries(states);
}
