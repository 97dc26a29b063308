import type { ServiceBroker } from "moleculer";
import type { Health } from "../../contracts/gateway.ts";
import { notification } from "../../contracts/notification.ts";
import { parts } from "../../contracts/parts.ts";
import { checkReady, type Checks } from "../../lib/health/ready-checks.ts";
import { Recent } from "../../lib/health/recent.ts";
import { call } from "../../lib/service.ts";

/** The state of the shop's services. */
export class PartChecks {
	readonly #broker: ServiceBroker;
	readonly #states = new Recent(() => checkReady(this.#broker, parts));
	readonly #waiting = new Recent(() => this.#askForWaiting());

	constructor(broker: ServiceBroker) {
		this.#broker = broker;
	}

	read(): Promise<Checks> {
		return this.#states.read();
	}

	/** Messages that wait, by channel; undefined while that is not known. */
	waiting(): Promise<Health["waiting_messages"]> {
		return this.#waiting.read();
	}

	async #askForWaiting(): Promise<Health["waiting_messages"]> {
		const { name, actions } = notification;
		if (!this.#broker.registry.actions.isAvailable(`${name}.waiting`)) return undefined;
		return call(this.#broker, actions.waiting, {})
			.then(({ data }) => data)
			.catch(() => undefined);
	}
}

/** `down`: nothing works; `degraded`: some of it. */
export function statusOf(checks: Checks): Health["status"] {
	const states = new Set(Object.values(checks));
	if (!states.has("down")) return "ok";
	return states.has("up") ? "degraded" : "down";
}
