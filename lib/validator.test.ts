import { nullable, oneOf, strictObject, T } from "./schema.ts";
import { coerce, validate, SchemaValidator } from "./validator.ts";

const Item = strictObject({
	quantity: T.Integer({ minimum: 1 }),
	note: T.Optional(T.String({ maxLength: 3 })),
	"a/b~c": T.Optional(T.Boolean()),
	kind: T.Optional(oneOf(["old", "new"])),
	id: T.Optional(T.String({ format: "uuid" })),
	parent: T.Optional(nullable(T.String()))
});
const List = strictObject({ items: T.Array(Item) });

describe("faults", () => {
	it("finds none in valid data", () => {
		expect(validate(Item, { quantity: 1, note: "abc", kind: "new", parent: null })).toEqual([]);
	});

	it("distinguishes numbers and text", () => {
		expect(validate(Item, { quantity: "1" })).toMatchObject([
			{ pointer: "/quantity", code: "type" }
		]);
		expect(validate(Item, { quantity: 1, note: 1 })).toMatchObject([
			{ pointer: "/note", code: "type" }
		]);
	});

	it("points into the body, with the escapes of RFC 6901", () => {
		const found = validate(List, { items: [{ quantity: 1 }, { quantity: 0, "a/b~c": 1 }] });
		expect(found.map(({ pointer }) => pointer)).toEqual(["/items/1/quantity", "/items/1/a~1b~0c"]);
	});

	it("names missing and unknown members", () => {
		expect(validate(Item, { color: "red" })).toEqual([
			{ pointer: "/quantity", code: "required", detail: "is required" },
			{ pointer: "/color", code: "unknown-property", detail: "is not a known member" }
		]);
	});

	it("lists all issues, but at most 20", () => {
		const items = Array.from({ length: 30 }, () => ({ quantity: 0 }));
		expect(validate(List, { items })).toHaveLength(20);
	});

	it.each([
		[T.String({ pattern: "^a$", rule: "the letter a" }), "b", "must be the letter a"],
		[T.String({ format: "uuid", rule: "a UUID" }), "b", "must be a UUID"],
		[T.Integer({ not: { const: 0 }, rule: "other than 0" }), 0, "must be other than 0"],
		[oneOf(["old", "new"]), "b", "must be one of: old, new"],
		[nullable(T.String({ pattern: "^a$", rule: "the letter a" })), "b", "must be the letter a"],
		[nullable(T.Integer({ minimum: 3 })), 2, "must be >= 3"],
		[nullable(T.Integer()), "b", "must be integer"],
		[T.Null(), "b", "must be null"],
		[T.String({ pattern: "^a$", rule: "the letter a" }), 1, "must be string"]
	])("says what %j takes", (schema, value, detail) => {
		expect(validate(schema, value)).toEqual([{ pointer: "", code: expect.any(String), detail }]);
	});

	it.each(["USD", "EUR", "JPY"])("accepts %s as a currency", code => {
		expect(validate(T.String({ format: "currency" }), code)).toEqual([]);
	});

	it.each(["usd", "XXX", "XAU", "ABC", "", "US"])("refuses %j as a currency", code => {
		expect(validate(T.String({ format: "currency" }), code)).toHaveLength(1);
	});

	it.each(["US", "USA", "de", "Deu"])("accepts %s as a country", code => {
		expect(validate(T.String({ format: "country" }), code)).toEqual([]);
	});

	it.each([
		"XX",
		"ZZZ",
		"",
		"U",
		"UK",
		"840",
		"United States",
		" US",
		"US\n",
		"ＵＳ",
		"ß",
		"uſ",
		"U S",
		"U\u200eS",
		"USAA"
	])("refuses %j as a country", code => {
		expect(validate(T.String({ format: "country" }), code)).toHaveLength(1);
	});

	const uuid = "01890a5d-ac96-774b-bcce-b302099a8057";

	it.each([uuid, uuid.toUpperCase()])("accepts %s as a UUID", id => {
		expect(validate(T.String({ format: "uuid" }), id)).toEqual([]);
	});

	it.each([`urn:uuid:${uuid}`, `{${uuid}}`, uuid.replaceAll("-", ""), `${uuid}'`, `${uuid}\n`])(
		"refuses %j as a UUID, though Postgres may accept it",
		id => {
			expect(validate(T.String({ format: "uuid" }), id)).toHaveLength(1);
		}
	);
});

describe("coerce", () => {
	it("turns the text of a query into numbers and booleans, in place", () => {
		const query: Record<string, unknown> = { quantity: "3", "a/b~c": "true" };
		expect(coerce(Item, query)).toEqual([]);
		expect(query).toEqual({ quantity: 3, "a/b~c": true });
	});

	it("normalises a UUID to lower case", () => {
		const query = { quantity: "1", id: "01890A5D-AC96-774B-BCCE-B302099A8057" };
		expect(coerce(Item, query)).toEqual([]);
		expect(query.id).toBe("01890a5d-ac96-774b-bcce-b302099a8057");
	});

	it.each(["three", "", "0x10", "1e3", "1.0", " 1", "true"])("refuses %p as a number", quantity => {
		expect(coerce(Item, { quantity })).toMatchObject([{ pointer: "/quantity" }]);
	});

	it("refuses a repeated name", () => {
		expect(coerce(Item, { quantity: ["1", "2"] })).toMatchObject([{ pointer: "/quantity" }]);
	});
});

describe("SchemaValidator", () => {
	const validator = new SchemaValidator();

	it("checks JSON Schema strictly", () => {
		const check = validator.compile(Item);
		expect(check({ quantity: 1 })).toBe(true);
		expect(check({ quantity: "1" })).toMatchObject([{ pointer: "/quantity" }]);
	});

	it("still checks the params of mixins and internal services", () => {
		const check = validator.compile({ id: "number" } as unknown as Parameters<
			SchemaValidator["compile"]
		>[0]);
		expect(check({ id: 1 })).toBe(true);
		expect(check({ id: "x" })).not.toBe(true);
	});
});
