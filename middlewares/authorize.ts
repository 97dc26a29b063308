import type { ActionSchema, Context, Middleware } from "moleculer";
import { requireRole } from "../lib/access.ts";
import { identityOf, type Meta } from "../lib/identity.ts";
import type { Access } from "../lib/schema.ts";

type Handler = (ctx: Context<unknown, Meta>) => Promise<unknown>;

/**
 * Enforces the contract's access rules. Deny by default: an action without one stops the node from starting.
 * Services call `internal` actions without an identity; the gateway has no route to them.
 */
export const Authorize: Middleware = {
	name: "Authorize",
	localAction(next: Handler, action: ActionSchema & { access?: Access }) {
		const { access, name } = action;
		// The gateway's own actions (moleculer-web) are never published to the bus.
		if (access === undefined && /^(\$node|gateway|metrics)\./.test(name ?? "")) return next;
		if (access === undefined) throw new Error(`Action ${name} declares no access`);
		if (access === "anyone" || access === "internal") return next;
		return async (ctx: Context<unknown, Meta>) => {
			requireRole(identityOf(ctx.meta), access);
			return next(ctx);
		};
	}
} as unknown as Middleware;
