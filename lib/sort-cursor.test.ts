import fc from "fast-check";
import { T } from "./schema.ts";
import { decodeSortCursor, encodeSortCursor, Milliseconds } from "./sort-cursor.ts";

const refused = expect.objectContaining({ type: "VALIDATION_FAILED" });

describe("a cursor", () => {
	it("decodes to the encoded values", () => {
		fc.assert(
			fc.property(fc.string(), fc.uuid(), (value, id) => {
				const cursor = encodeSortCursor("name", value, id);
				expect(decodeSortCursor(cursor, "name", T.String())).toEqual({ value, id });
			})
		);
	});

	it("is refused under another list or for another type of value", () => {
		const cursor = encodeSortCursor("price", 5, "prod-001");
		expect(() => decodeSortCursor(cursor, "-price", T.Integer())).toThrow(refused);
		expect(() => decodeSortCursor(cursor, "price", T.String())).toThrow(refused);
	});

	it("never lets other text through or fails otherwise", () => {
		fc.assert(
			fc.property(fc.string(), text => {
				expect(() => decodeSortCursor(text, "newest", Milliseconds)).toThrow(refused);
			})
		);
	});
});
