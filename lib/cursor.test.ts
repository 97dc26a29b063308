import { decodeCursor, encodeCursor, pageOf } from "./cursor.ts";
import { newId } from "./id.ts";

describe("cursors", () => {
	it("come back as the id they were made of", () => {
		const id = newId();
		expect(decodeCursor(encodeCursor(id))).toBe(id);
	});

	it.each(["", "nonsense", encodeCursor("' or 1=1"), encodeCursor("prod-001")])(
		"refuse %p, which no list made",
		cursor => {
			expect(() => decodeCursor(cursor)).toThrow(
				expect.objectContaining({ type: "VALIDATION_FAILED" })
			);
		}
	);
});

describe("pages", () => {
	const rows = [newId(), newId(), newId()].map(id => ({ id }));

	it("point to the next while there is one", () => {
		expect(pageOf(rows, 2)).toEqual({
			data: rows.slice(0, 2),
			next_cursor: encodeCursor(rows[1]!.id)
		});
	});

	it("end with null", () => {
		expect(pageOf(rows, 3)).toEqual({ data: rows, next_cursor: null });
		expect(pageOf([], 3)).toEqual({ data: [], next_cursor: null });
	});
});
