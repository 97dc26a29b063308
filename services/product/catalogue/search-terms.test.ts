import { isPartOnly, parseSearch, spellingsOf, wordsIn } from "./search-terms.ts";

/** As one would write it: `-` before what is excluded, `|` between alternatives. */
const shown = (q: string) =>
	parseSearch(q)
		.map(terms => terms.map(({ text, excluded }) => `${excluded ? "-" : ""}<${text}>`).join(" "))
		.join(" | ");

describe("a search", () => {
	it.each([
		["kettle", "<kettle>"],
		["  steel   kettle ", "<steel> <kettle>"],
		['"green tea" -sencha', "<green tea> -<sencha>"],
		['tea -"green leaf" cup', "<tea> -<green leaf> <cup>"],
		["tea or coffee beans", "<tea> | <coffee> <beans>"],
		["tea OR coffee", "<tea> | <coffee>"],
		["or", "<or>"],
		["or tea", "<tea>"],
		["tea or", "<tea>"],
		["-", "<->"],
		["--", "-<->"],
		["-x", "-<x>"],
		['"', '<">'],
		['""', '<"">'],
		['"open phrase', "<open phrase>"],
		['12" pan', '<12"> <pan>'],
		["AT&T", "<AT&T>"],
		["wi-fi", "<wi-fi>"],
		["日本 茶器", "<日本> <茶器>"],
		["“green tea” «cup»", "<green tea> <cup>"],
		["a & | ! <-> b", "<a> <&> <|> <!> <<->> <b>"]
	])("%j is read as %s", (q, expected) => {
		expect(shown(q)).toBe(expected);
	});

	it.each([
		["kettle", "kettle"],
		["kettle,", "kettle,"],
		["AT&T", "AT&T"],
		["(green) tea!", "(green) tea!"],
		["日本", "日本"],
		["ไทย", "ไทย"],
		["#kettle", "kettle"],
		["kettle*", "kettle"],
		["Kettle™", "Kettle"],
		["c++", undefined],
		["C#", undefined],
		["100%", undefined],
		["$5", undefined],
		["a & b", undefined],
		["&", undefined],
		["🍵", undefined]
	])("of %s, the words are %s", (text, expected) => {
		expect(wordsIn(text)).toBe(expected);
	});

	it.each([
		["oak", false],
		["AT&T", false],
		["c++", true],
		["键盘", true],
		["키보드", true],
		["น้ำ", true]
	])("%s is only a part: %s", (text, expected) => {
		expect(isPartOnly(text)).toBe(expected);
	});

	it.each([
		["wi-fi", ["wi-fi", "wifi", "wi fi"]],
		["desk/lamp", ["desk/lamp", "desk lamp"]],
		["#kettle", ["#kettle", "kettle"]],
		["O’Neill", ["O’Neill", "ONeill"]],
		["c++", ["c++"]],
		["3-4", ["3-4"]],
		["-", ["-"]]
	])("%s may be spelt %j", (text, expected) => {
		expect(spellingsOf(text)).toEqual(expected);
	});
});
