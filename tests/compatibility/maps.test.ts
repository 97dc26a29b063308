import type { JsonSchema } from "../../scripts/release/contract-snapshot.ts";
import { Comparison, type Direction } from "./schema.rules.ts";

/** Objects with members that they do not name, and what is beside a value. */

const text = { type: "string" };
const map = (values: unknown) => ({ type: "object", additionalProperties: values }) as JsonSchema;
const open = { type: "object" };
const closed = map(false);
const byName = { type: "object", additionalProperties: false, patternProperties: { "^a": text } };

const differences = (direction: Direction, was: JsonSchema, is: JsonSchema) =>
	new Comparison(
		{ T: text, D: { ...text, default: "a" } },
		{ T: text, D: { ...text, default: "b" } },
		direction
	)
		.of(was, is, "map")
		.map(({ path, what }) => `${path}: ${what}`);

it.each<[direction: Direction, was: JsonSchema, is: JsonSchema, found: string]>([
	["taken", open, closed, "map.*: is not taken any more"],
	["taken", map(text), closed, "map.*: is not taken any more"],
	["taken", open, map(text), "map.*: is string, was anything"],
	["taken", map({ type: "number" }), map(text), "map.*: is string, was number"],
	["taken", open, { ...open, properties: { a: text } }, "map.a: is string, was anything"],
	["given", map(text), closed, "map.*: is not given any more"],
	["given", map(text), open, "map.*: is anything, was string"],
	["given", byName, { ...byName, patternProperties: {} }, "map./^a/: is gone"],
	[
		"taken",
		{ ...text, contentEncoding: "base64" },
		{ ...text, contentEncoding: "base32" },
		'map: contentEncoding is "base32", was "base64"'
	],
	[
		"taken",
		{ anyOf: [{ ...text, default: "a" }] },
		{ anyOf: [text] },
		'map: default is none, was "a"'
	],
	[
		"taken",
		{ $ref: "#/components/schemas/D" },
		{ $ref: "#/components/schemas/D" },
		'D: default is "b", was "a"'
	]
])("%s %j → %j: %s", (direction, was, is, found) => {
	expect(differences(direction, was, is)).toEqual([found]);
});

it.each<[direction: Direction, was: JsonSchema, is: JsonSchema]>([
	["taken", closed, open],
	["taken", map(text), open],
	["taken", closed, { ...closed, properties: { a: text } }],
	["given", open, closed],
	["given", open, map(text)],
	["given", closed, open],
	["given", open, { ...open, properties: { a: text } }]
])("%s %j → %j breaks nothing", (direction, was, is) => {
	expect(differences(direction, was, is)).toEqual([]);
});
