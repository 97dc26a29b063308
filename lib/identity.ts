import { fail } from "./errors.ts";
import type { Role } from "./schema.ts";

/** Who acts. Set by the gateway (or the REPL) in `ctx.meta.user`; `system` is the saga itself. */
export interface Identity {
	id: string;
	role: Role;
}

export interface Actor {
	id: string;
	role: Role | "system";
}

/** What travels with a call. `requestId` is the gateway's own, never the client's. */
export interface Meta {
	user?: Identity;
	requestId?: string;
	/** W3C: the trace that the request belongs to. */
	traceparent?: string;
}

export const systemActor: Actor = Object.freeze({ id: "system", role: "system" });

/** The caller. @throws UNAUTHENTICATED when the call carries no identity */
export function identityOf(meta: Meta): Identity {
	return meta.user ?? fail("UNAUTHENTICATED");
}

/** The owner a query must be narrowed to: the customer's own id, or undefined for staff. */
export function ownerScope(meta: Meta): string | undefined {
	const { id, role } = identityOf(meta);
	return role === "customer" ? id : undefined;
}
