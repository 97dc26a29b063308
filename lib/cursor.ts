import { validate } from "uuid";
import { fail } from "./errors.ts";

/** Keyset pages of things whose UUIDv7 ids sort by time: the cursor is the last id seen. */

export function encodeCursor(id: string): string {
	return Buffer.from(id).toString("base64url");
}

/** @throws VALIDATION_FAILED for anything `encodeCursor` did not make */
export function decodeCursor(cursor: string): string {
	const id = Buffer.from(cursor, "base64url").toString();
	if (validate(id)) return id;
	return fail("VALIDATION_FAILED", undefined, [
		{ pointer: "/cursor", code: "cursor", detail: "is not a cursor of this list" }
	]);
}

/** Cuts a read of `limit + 1` rows to a page; the row too many only says that there is more. */
export function pageOf<R extends { id: string }>(
	rows: R[],
	limit: number
): { data: R[]; next_cursor: string | null } {
	const data = rows.slice(0, limit);
	return { data, next_cursor: rows.length > limit ? encodeCursor(data.at(-1)!.id) : null };
}
