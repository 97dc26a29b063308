import { canonicalJson, fingerprint } from "./fingerprint.ts";

it.each([
	[{ b: 1, a: 2 }, '{"a":2,"b":1}'],
	[{ items: [{ quantity: 1, product_id: "a" }] }, '{"items":[{"product_id":"a","quantity":1}]}'],
	[
		{ deep: { z: [{ y: { x: 1, w: 2 } }], a: null } },
		'{"deep":{"a":null,"z":[{"y":{"w":2,"x":1}}]}}'
	],
	[{ b: undefined, a: "é\u0000" }, '{"a":"é\\u0000"}'],
	[{ "\u20ac": 1, "\r": 2, "\ud83d\ude00": 3 }, '{"\\r":2,"\u20ac":1,"\ud83d\ude00":3}'],
	[JSON.parse('{"b":1,"__proto__":{"d":1,"c":2}}'), '{"__proto__":{"c":2,"d":1},"b":1}'],
	[[2, 1, [3, { b: 1, a: 1 }]], '[2,1,[3,{"a":1,"b":1}]]'],
	[[], "[]"],
	[{}, "{}"]
])("%j is %s", (value, expected) => {
	expect(canonicalJson(value)).toBe(expected);
});

it.each([
	["members of objects", { a: 1, b: { c: 2, d: 3 } }, { b: { d: 3, c: 2 }, a: 1 }, true],
	["elements of arrays", { items: [1, 2] }, { items: [2, 1] }, false],
	["texts and numbers", { a: 1 }, { a: "1" }, false],
	["null and no member", { a: null }, {}, false],
	["forms of one number", JSON.parse('{"a":1.0}'), JSON.parse('{"a":1e0}'), true],
	["nested texts", { a: "b", c: "" }, { a: "", c: "b" }, false]
])("with another order of, or other %s", (_, one, other, same) => {
	expect(fingerprint(one).equals(fingerprint(other))).toBe(same);
});
