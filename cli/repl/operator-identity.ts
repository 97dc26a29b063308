import type { CallingOptions, Middleware } from "moleculer";
import type { Identity } from "../../lib/identity.ts";

export const operator: Identity = Object.freeze({ id: "operator", role: "admin" });

/** For calls that the REPL's own words make. */
export const asOperator = { meta: { user: operator } };

type Call = (action: string, params: unknown, options?: CallingOptions) => Promise<unknown>;

/**
 * Whoever can type into the REPL holds the database and the bus, so a call typed there acts as an
 * operator. `$repl` is the REPL's own mark; calls that services make stay as they are.
 */
export const OperatorIdentity: Middleware = {
	name: "OperatorIdentity",
	call:
		(next: Call): Call =>
		(action, params, options = {}) => {
			const { meta } = options as { meta?: { $repl?: boolean; user?: Identity } };
			if (!meta?.$repl || meta.user) return next(action, params, options);
			return next(action, params, { ...options, meta: { ...meta, user: operator } });
		}
} as unknown as Middleware;
