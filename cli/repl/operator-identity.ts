import type { CallingOptions, Middleware } from "moleculer";
import { operator, type Identity } from "../../lib/identity.ts";

/** For calls of the REPL's own commands. */
export const asOperator = { meta: { user: operator } };

type Call = (action: string, params: unknown, options?: CallingOptions) => Promise<unknown>;

/**
 * Anyone who can type into the REPL has access to the database and the bus, so a call typed there acts as
 * an operator. `$repl` marks such calls; calls of services keep their identity.
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
