import { createHash } from "node:crypto";
import { validate } from "uuid";
import { fail } from "./errors.ts";

/**
 * Keyset pagination by UUIDv7 ids, which sort by time: the cursor is the last id seen, with a mark of its
 * list. The mark is no secret: it only prevents using a cursor for another list, where it would silently
 * skip items.
 */

/** @param list whose it is and its filters */
export const markOf = (list: string) =>
	createHash("sha256").update(list).digest("base64url").slice(0, 8);

export function encodeCursor(id: string, list: string): string {
	return Buffer.from(`${id} ${markOf(list)}`).toString("base64url");
}

/** @throws VALIDATION_FAILED for anything `encodeCursor` did not make for this list */
export function decodeCursor(cursor: string, list: string): string {
	const [id = ""] = Buffer.from(cursor, "base64url").toString().split(" ");
	if (validate(id) && cursor === encodeCursor(id, list)) return id;
	return fail("VALIDATION_FAILED", undefined, [
		{ pointer: "/cursor", code: "cursor", detail: "is not a cursor of this list" }
	]);
}

/** Cuts a read of `limit + 1` rows to a page; the extra row only says that there are more. */
export function pageOf<R extends { id: string }>(
	rows: R[],
	limit: number,
	list: string
): { data: R[]; next_cursor: string | null } {
	const data = rows.slice(0, limit);
	return { data, next_cursor: rows.length > limit ? encodeCursor(data.at(-1)!.id, list) : null };
}
