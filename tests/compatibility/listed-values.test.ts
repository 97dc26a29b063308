import type { JsonSchema } from "../../scripts/release/contract-snapshot.ts";
import { Comparison, type Direction } from "./schema.rules.ts";

/** Values that are listed, beside schemas that list none. */

const five = { const: 5, type: "integer" };
const list = (...values: unknown[]): JsonSchema => ({ anyOf: values.map(one => ({ const: one })) });
const text = { type: "string" };

const differences = (direction: Direction, was: JsonSchema, is: JsonSchema) =>
	new Comparison({}, {}, direction).of(was, is, "value").map(({ what }) => what);

it.each<[direction: Direction, was: JsonSchema, is: JsonSchema]>([
	["taken", five, { type: "integer" }],
	["taken", five, { type: "number" }],
	["taken", list(5), { type: "integer", minimum: 5, maximum: 5, multipleOf: 5 }],
	["taken", list(5, 0.5), { type: "number", exclusiveMinimum: 0, exclusiveMaximum: 6 }],
	["taken", five, list(5, 0.5)],
	["taken", list("a", "b"), text],
	["taken", list("a", "b"), { ...text, pattern: "^[ab]$", minLength: 1, maxLength: 1 }],
	["taken", list("😀"), { ...text, maxLength: 1 }],
	["taken", list("a"), { anyOf: [{ ...text, maxLength: 0 }, text] }],
	["given", { type: "integer" }, five],
	["given", { type: "number" }, five],
	["given", { ...text, maxLength: 1 }, list("a")]
])("%s %j → %j breaks nothing", (direction, was, is) => {
	expect(differences(direction, was, is)).toEqual([]);
});

it.each<[direction: Direction, was: JsonSchema, is: JsonSchema, what: string]>([
	["taken", list(5, 0.5), { type: "integer" }, "is integer, was number"],
	["taken", five, text, "is string, was integer"],
	["taken", five, { type: "integer", minimum: 6 }, "minimum is 6, was none"],
	[
		"taken",
		list(4, 5),
		{ type: "integer", exclusiveMaximum: 5 },
		"exclusiveMaximum is 5, was none"
	],
	["taken", list(4, 5), { type: "integer", multipleOf: 4 }, "multipleOf is 4, was none"],
	["taken", list("a"), { ...text, pattern: "^b" }, 'pattern is "^b", was none'],
	["taken", list("a"), { ...text, minLength: 2 }, "minLength is 2, was none"],
	["taken", list("a"), { ...text, format: "uuid" }, 'format is "uuid", was none'],
	["taken", list(5, 0.5), five, "is integer, was number"],
	["taken", list(5, 0.5), list(0.5, 6), "5 is not taken any more"],
	["given", five, { type: "integer" }, "may be any value now"],
	["given", list("a"), text, "may be any value now"],
	["given", { ...text, maxLength: 1 }, list("ab"), "maxLength is none, was 1"],
	["given", five, list(5, 6), "6 is a new value"]
])("%s %j → %j: %s", (direction, was, is, what) => {
	expect(differences(direction, was, is)).toEqual([what]);
});
