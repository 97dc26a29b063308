import { createHash } from "node:crypto";

const byCodeUnits = ([a]: [string, unknown], [b]: [string, unknown]) => (a < b ? -1 : 1);

const sortMembers = (_: string, value: unknown) =>
	typeof value === "object" && value !== null && !Array.isArray(value)
		? Object.fromEntries(Object.entries(value).sort(byCodeUnits))
		: value;

/** JSON whose objects have their members in one order, by UTF-16 code units as in RFC 8785 (3.2.3). */
export function canonicalJson(value: unknown): string {
	return JSON.stringify(value, sortMembers);
}

/** Of requests from before the shared table: only their action and target are known. */
export function formerFingerprint(action: string, target: string): Buffer {
	return createHash("sha256").update(`${action} ${target}`).digest();
}

/** SHA-256 of the canonical JSON: equal for requests that mean the same. */
export function fingerprint(value: unknown): Buffer {
	return createHash("sha256").update(canonicalJson(value)).digest();
}
