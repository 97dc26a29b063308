import { Failure, type FailureData } from "./errors.ts";
import type { Access, Role } from "./schema.ts";

/** Who may call an action, in words: those of the API description, and those of a refusal. */

/** `support or admin`; `customer, support or admin`. */
const either = (roles: readonly Role[]) =>
	[roles.slice(0, -1).join(", "), roles.at(-1)!].filter(Boolean).join(" or ");

/** A sentence without a full stop. */
export const needInWords = (needed: readonly Role[]) => `This needs the role ${either(needed)}`;

/** A sentence for the description of an operation. */
export function accessInWords(access: Access): string {
	if (access === "anyone") return "Anyone may call this, without signing in.";
	if (access === "internal") return "Only services of the shop call this.";
	return `${needInWords(access)}.`;
}

/** What a refusal says to a caller with this role. */
export const roleRefusal = (role: Role, needed: readonly Role[]): FailureData => ({
	detail: `${needInWords(needed)}; your role is ${role}`,
	requiredRoles: [...needed]
});

/** @throws FORBIDDEN, with the roles that would do */
export function requireRole({ role }: { role: Role }, needed: readonly Role[]): void {
	if (!needed.includes(role)) throw new Failure("FORBIDDEN", roleRefusal(role, needed));
}
