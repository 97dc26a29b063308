import type { CallingOptions, Context, Middleware } from "moleculer";
import { fail } from "../lib/errors.ts";

type Handler = (ctx: Context) => Promise<unknown>;
type Call = (action: string, params: unknown, opts?: CallingOptions) => Promise<unknown>;

/**
 * Refuses work whose caller has given up (a node that was stopped and went on).
 * It only spares effort: clocks differ between hosts, so correctness never rests on it.
 */
export function DeadlineGuard(defaultTimeoutMs: number): Middleware {
	return {
		name: "DeadlineGuard",
		call(next: Call) {
			return (action: string, params: unknown, opts: CallingOptions = {}) => {
				const { ctx, headers, timeout } = opts;
				const deadline = Date.now() + (timeout ?? ctx?.options.timeout ?? defaultTimeoutMs);
				// A retry brings the context of the try before, whose deadline may have passed.
				if (ctx) ctx.headers = { ...ctx.headers, deadline };
				return next(action, params, { ...opts, headers: { ...headers, deadline } });
			};
		},
		localAction(next: Handler) {
			return async (ctx: Context) => {
				const { deadline } = (ctx.headers ?? {}) as { deadline?: number };
				if (deadline !== undefined && Date.now() > deadline) fail("TIMEOUT");
				return next(ctx);
			};
		}
	} as unknown as Middleware;
}
