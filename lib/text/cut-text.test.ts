import { cutText } from "./cut-text.ts";

it.each([
	["", 3, ""],
	["abc", 3, "abc"],
	["abcd", 3, "abc"],
	["😀😀😀", 3, "😀😀😀"],
	["a😀😀b", 3, "a😀😀"],
	["😀".repeat(9), 2, "😀😀"]
])("cuts %j to %i characters: %j", (text, length, expected) => {
	expect(cutText(text, length)).toBe(expected);
});
