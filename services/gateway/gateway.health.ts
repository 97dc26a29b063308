import { analytics } from "../../contracts/analytics.ts";
import type { Health } from "../../contracts/gateway.ts";
import { notification } from "../../contracts/notification.ts";
import { order } from "../../contracts/order.ts";
import { payment } from "../../contracts/payment.ts";
import { product } from "../../contracts/product.ts";
import { user } from "../../contracts/user.ts";
import { call } from "../../lib/service.ts";

type Checks = Record<string, "up" | "down">;

const parts = [user, product, order, payment, notification, analytics];

/** Calls every service's `ready` concurrently; each has a second to respond. */
export async function checkParts(via: unknown): Promise<Checks> {
	const states = await Promise.all(
		parts.map(async ({ name, actions }) => {
			const up = await call(via, actions.ready, {}).then(
				({ ok }) => ok,
				() => false
			);
			return [name, up ? "up" : "down"] as const;
		})
	);
	return Object.fromEntries(states);
}

/** `down`: nothing works; `degraded`: some of it. */
export function statusOf(checks: Checks): Health["status"] {
	const states = new Set(Object.values(checks));
	if (!states.has("down")) return "ok";
	return states.has("up") ? "degraded" : "down";
}
