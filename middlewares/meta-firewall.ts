import type { Context, Middleware } from "moleculer";
import type { Meta } from "../lib/identity.ts";

type Handler = (ctx: Context) => Promise<unknown>;

/** A callee's changes of `ctx.meta` end with its call; only what it says of its own response goes back. */
function sealed(next: Handler): Handler {
	return async ctx => {
		const before = { ...ctx.meta };
		try {
			return await next(ctx);
		} finally {
			const { replayed } = ctx.meta as Meta;
			ctx.meta = replayed === true ? { ...before, replayed } : before;
		}
	};
}

/**
 * Moleculer merges a callee's `ctx.meta` into the caller's, so any service could change the caller's
 * identity. This discards the callee's changes.
 */
export const MetaFirewall: Middleware = {
	name: "MetaFirewall",
	localAction: sealed,
	remoteAction: sealed
} as unknown as Middleware;
