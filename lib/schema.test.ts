import { contract, nullable, oneOf, strictObject, T } from "./schema.ts";

const shelf = contract("shelf", {
	"stock.get": {
		summary: "Units on a shelf",
		kind: "query",
		access: "anyone",
		params: strictObject({ id: T.String() }),
		returns: strictObject({ units: T.Integer() })
	}
});

describe("contract", () => {
	it("gives each action its full name and its definition", () => {
		expect(shelf.name).toBe("shelf");
		expect(shelf.actions["stock.get"]).toMatchObject({ name: "shelf.stock.get", kind: "query" });
	});

	it("cannot be changed after it was made", () => {
		expect([shelf, shelf.actions, shelf.actions["stock.get"]].every(Object.isFrozen)).toBe(true);
	});
});

describe("schemas", () => {
	it("are plain JSON Schema, which survives the wire", () => {
		const schema = strictObject({
			kind: oneOf(["old", "new"]),
			parent: nullable(T.String()),
			note: T.Optional(T.String())
		});
		expect(JSON.parse(JSON.stringify(schema))).toEqual({
			type: "object",
			additionalProperties: false,
			required: ["kind", "parent"],
			properties: {
				kind: { type: "string", enum: ["old", "new"] },
				parent: { anyOf: [{ type: "string" }, { type: "null" }] },
				note: { type: "string" }
			}
		});
	});
});
