import { retiredIdentifiers, retiredWordsIn } from "./retired-words.rules.ts";
import { sourceTree } from "./source-tree.ts";

it("no identifier of the tree holds a retired word", () => {
	expect(retiredIdentifiers(sourceTree())).toEqual([]);
});

it.each([
	["#replayTwin", "twin"],
	["shelveGoods", "shelve"],
	["takeBackRefused", "takeBack"],
	["refund_pay_back", "payBack"],
	["Happening", "happening"]
])("%s is refused for %s", (name, word) => {
	expect(retiredWordsIn(name)).toEqual([word]);
	expect(retiredIdentifiers({ "a.ts": `class A { ${name} = 1 }` })).toEqual([
		`a.ts: ${name} (${word})`
	]);
});

it.each(["back", "take", "partition", "setTimeout", "next_check_at", "readBackwards"])(
	"%s is accepted",
	name => expect(retiredWordsIn(name)).toEqual([])
);

it("does not look at texts and comments", () => {
	expect(retiredIdentifiers({ "a.ts": "// a twin\nconst a = 'twin';" })).toEqual([]);
});
