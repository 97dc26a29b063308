import { createHash } from "node:crypto";
import { validate } from "uuid";
import { fail } from "./errors.ts";

/**
 * Keyset pages of things whose UUIDv7 ids sort by time: the cursor is the last id seen, with a mark of
 * the list it was seen in. The mark is no secret: it only keeps a cursor from being taken to another
 * list, where it would skip some and say nothing.
 */

/** @param list whose it is and how it is narrowed */
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

/** Cuts a read of `limit + 1` rows to a page; the row too many only says that there is more. */
export function pageOf<R extends { id: string }>(
	rows: R[],
	limit: number,
	list: string
): { data: R[]; next_cursor: string | null } {
	const data = rows.slice(0, limit);
	return { data, next_cursor: rows.length > limit ? encodeCursor(data.at(-1)!.id, list) : null };
}
