import type { ServiceBroker } from "moleculer";
import { gateway } from "../../contracts/gateway.ts";
import { operator } from "../../lib/identity.ts";
import { poll } from "../../lib/retry.ts";
import { call } from "../../lib/service.ts";

const everyMs = 100;

/** What a gateway sends to its launcher. */
export interface OpenMessage {
	unready: string[];
}

async function downServices(broker: ServiceBroker): Promise<string[]> {
	const asOperator = { meta: { user: operator } };
	const { checks = {} } = await call(broker, gateway.actions.health, {}, asOperator);
	return Object.keys(checks).filter(name => checks[name] !== "up");
}

/**
 * Waits until the gateway of this node says that every service of the shop is ready: /health says degraded before. The
 * gateway answers what it found within the last second. A shop opens after `withinMs` all the same.
 * @returns the services that are not ready
 */
export function unreadyServices(
	broker: ServiceBroker,
	life: { readonly ending: boolean },
	withinMs = 10_000
): Promise<string[]> {
	// A node that stops, or is overloaded, does not answer.
	const look = () => downServices(broker).catch(() => [gateway.name]);
	const isDone = (names: string[]) => names.length === 0;
	return poll(look, { everyMs, withinMs, isDone, isStopping: () => life.ending });
}

/** Printed before the banner of a shop that opens all the same; none if all services are ready. */
export function unreadyLines(names: readonly string[]): string[] {
	return names.length === 0
		? []
		: [`Not ready yet: ${names.join(", ")}. npm run status says whether that is so still.`];
}
