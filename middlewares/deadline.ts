import type { CallingOptions, Context, Middleware } from "moleculer";
import { fail } from "../lib/errors.ts";

type Handler = (ctx: Context) => Promise<unknown>;
type Call = (action: string, params: unknown, opts?: CallingOptions) => Promise<unknown>;

/**
 * Refuses work whose deadline has passed (a node that was stopped and resumed). It only saves work: clocks
 * differ between hosts, so correctness does not depend on it.
 */
export function DeadlineGuard(defaultTimeoutMs: number): Middleware {
	return {
		name: "DeadlineGuard",
		call(next: Call) {
			return (action: string, params: unknown, opts: CallingOptions = {}) => {
				const { ctx, headers, timeout } = opts;
				const deadline = Date.now() + (timeout ?? ctx?.options.timeout ?? defaultTimeoutMs);
				// A retry has the context of the previous attempt, whose deadline may have passed.
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
