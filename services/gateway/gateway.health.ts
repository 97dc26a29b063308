import type { ServiceBroker } from "moleculer";
import { analytics } from "../../contracts/analytics.ts";
import type { Health } from "../../contracts/gateway.ts";
import { notification } from "../../contracts/notification.ts";
import { order } from "../../contracts/order.ts";
import { payment } from "../../contracts/payment.ts";
import { product } from "../../contracts/product.ts";
import { user } from "../../contracts/user.ts";
import { webhook } from "../../contracts/webhook.ts";
import { call } from "../../lib/service.ts";

const checkEveryMs = 1000;

type Checks = Record<string, "up" | "down">;

/** What is asked for at most once a second, however many look. */
class Recent<R> {
	readonly #ask: () => Promise<R>;
	#latest: Promise<R> | undefined;
	#askedAtMs = 0;

	constructor(ask: () => Promise<R>) {
		this.#ask = ask;
	}

	read(): Promise<R> {
		const now = performance.now();
		if (this.#latest && now - this.#askedAtMs < checkEveryMs) return this.#latest;
		this.#askedAtMs = now;
		return (this.#latest = this.#ask());
	}
}

const parts = [user, product, order, payment, notification, analytics, webhook];

/** The state of the shop's services. */
export class PartChecks {
	readonly #broker: ServiceBroker;
	readonly #states = new Recent(() => this.#ask());
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

	/** Calls every service's `ready` concurrently; each has a second to respond. */
	async #ask(): Promise<Checks> {
		const states = await Promise.all(
			parts.map(async ({ name, actions }) => {
				// A call of an action that no node has writes a warning.
				const known = this.#broker.registry.actions.isAvailable(`${name}.ready`);
				const answer = known && call(this.#broker, actions.ready, {}).then(({ ok }) => ok);
				const up = await Promise.resolve(answer).catch(() => false);
				return [name, up ? "up" : "down"] as const;
			})
		);
		return Object.fromEntries(states);
	}
}

/** `down`: nothing works; `degraded`: some of it. */
export function statusOf(checks: Checks): Health["status"] {
	const states = new Set(Object.values(checks));
	if (!states.has("down")) return "ok";
	return states.has("up") ? "degraded" : "down";
}
