import { decodeCursor, encodeCursor, pageOf } from "./cursor.ts";
import { newId } from "./id.ts";

describe("cursors", () => {
	it("decode to the id they were encoded from", () => {
		const id = newId();
		expect(decodeCursor(encodeCursor(id, "mine"), "mine")).toBe(id);
	});

	const bare = Buffer.from(newId()).toString("base64url");
	const others = encodeCursor(newId(), "yours");
	const mine = encodeCursor(newId(), "mine");
	const spoilt = [`${mine}0`, `${mine}=`, mine.slice(0, -1)];
	it.each(["", "nonsense", encodeCursor("' or 1=1", "mine"), bare, others, ...spoilt])(
		"refuse %p, which is not of this list",
		cursor => {
			expect(() => decodeCursor(cursor, "mine")).toThrow(
				expect.objectContaining({ type: "VALIDATION_FAILED" })
			);
		}
	);
});

describe("pages", () => {
	const rows = [newId(), newId(), newId()].map(id => ({ id }));

	it("point to the next while there is one", () => {
		expect(pageOf(rows, 2, "mine")).toEqual({
			data: rows.slice(0, 2),
			next_cursor: encodeCursor(rows[1]!.id, "mine")
		});
	});

	it("end with null", () => {
		expect(pageOf(rows, 3, "mine")).toEqual({ data: rows, next_cursor: null });
		expect(pageOf([], 3, "mine")).toEqual({ data: [], next_cursor: null });
	});
});
