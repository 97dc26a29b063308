import type { Context, Middleware } from "moleculer";

type Handler = (ctx: Context) => Promise<unknown>;

/** What a callee changes in `ctx.meta` ends with its call. */
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
 * Moleculer merges a callee's `ctx.meta` into the caller's, so any service could change who the
 * caller believes it acts for. Nothing comes back through this.
 */
export const MetaFirewall: Middleware = {
	name: "MetaFirewall",
	localAction: sealed,
	remoteAction: sealed
} as unknown as Middleware;
