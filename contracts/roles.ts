import { roles, type Role } from "../lib/schema.ts";

/** Who may call an action: the lists that contracts use. */

export const everyone = roles;
export const staff = ["support", "admin"] as const satisfies readonly Role[];
export const admins = ["admin"] as const satisfies readonly Role[];
