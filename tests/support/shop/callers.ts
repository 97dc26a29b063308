import type { Identity } from "../../../lib/identity.ts";

/** Callers of actions, from the demo data. */

export const alice: Identity = { id: "user-123", role: "customer" };
export const bob: Identity = { id: "user-456", role: "customer" };
export const support: Identity = { id: "user-support", role: "support" };
export const admin: Identity = { id: "user-admin", role: "admin" };

/** The options of a call by this user. */
export const as = (user: Identity) => ({ meta: { user } });
