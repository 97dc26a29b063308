import type { Context, Middleware } from "moleculer";

type Handler = (ctx: Context) => Promise<unknown>;

/** A callee's changes of `ctx.meta` end with its call. */
function sealed(next: Handler): Handler {
	return async ctx => {
		const before = { ...ctx.meta };
		try {
			return await next(ctx);
		} finally {
			ctx.meta = before;
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
