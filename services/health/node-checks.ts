import type { ServiceBroker } from "moleculer";
import { parts } from "../../contracts/parts.ts";
import { isBusUp } from "../../lib/health/bus.ts";
import { checkReady, type Checkable, type Checks } from "../../lib/health/ready-checks.ts";
import { Recent } from "../../lib/health/recent.ts";

/** What one node needs: the bus, and what its own services use. */
export class NodeChecks {
	readonly #broker: ServiceBroker;
	readonly #own: readonly Checkable[];
	readonly #states = new Recent(() => this.#ask());

	/** @param services that the node runs */
	constructor(broker: ServiceBroker, services: readonly string[]) {
		this.#broker = broker;
		this.#own = parts.filter(({ name }) => services.includes(name));
	}

	/** Ready from the end of its start to the beginning of its stop, while nothing is down. Never rejects. */
	async read(): Promise<{ ready: boolean; checks: Checks }> {
		const checks = await this.#states.read();
		return { ready: this.#broker.started && !Object.values(checks).includes("down"), checks };
	}

	async #ask(): Promise<Checks> {
		const [bus, states] = await Promise.all([
			isBusUp(this.#broker),
			checkReady(this.#broker, this.#own, this.#broker.nodeID)
		]);
		return { ...(bus !== undefined && { bus: bus ? "up" : "down" }), ...states };
	}
}
