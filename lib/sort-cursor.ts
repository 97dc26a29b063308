import { markOf } from "./cursor.ts";
import { fail } from "./errors.ts";
import { T, type Static, type TSchema } from "./schema.ts";
import { validate } from "./validator.ts";

/**
 * Keyset cursors of lists that are sorted by a value and then by id: both values of the last row, bound to
 * their list. They contain no secret, so they are validated, not signed.
 */

const Id = T.String({ pattern: "^[A-Za-z0-9-]{1,64}$" });

/** An instant in ms, up to the end of the year 9999. */
export const Milliseconds = T.Integer({ minimum: 0, maximum: 253_402_300_799_999 });

/** @param list its order and filters */
export function encodeSortCursor(list: string, value: string | number, id: string): string {
	return Buffer.from(JSON.stringify([markOf(list), value, id])).toString("base64url");
}

/** The value and the id. @throws VALIDATION_FAILED for an invalid cursor or one of another list */
export function decodeSortCursor<S extends TSchema>(
	cursor: string,
	list: string,
	value: S
): { value: Static<S>; id: string } {
	const bytes = Buffer.from(cursor, "base64url");
	const parts = bytes.toString("base64url") === cursor ? parse(bytes.toString()) : undefined;
	if (Array.isArray(parts) && parts.length === 3 && parts[0] === markOf(list))
		if (validate(value, parts[1]).length === 0 && validate(Id, parts[2]).length === 0)
			return { value: parts[1], id: parts[2] };
	return fail("VALIDATION_FAILED", undefined, [
		{ pointer: "/cursor", code: "cursor", detail: "is not a cursor of this list" }
	]);
}

function parse(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}
