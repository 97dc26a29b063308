import { unusedExports } from "./exports.rules.ts";
import { sourceTree } from "./source-tree.ts";

it("exports no value that nothing needs", () => {
	// A verifier and a script of k6 are loaded by their names, and AWS Lambda calls its function.
	const loaded = /^(verify\/\w+\.verifier|load-tests\/k6\/\w+\.profile|lambda\/index)\.ts$/;
	expect(unusedExports(sourceTree(), loaded)).toEqual([]);
});

const library = "export function total() {}\nexport const limit = 1;\nconst own = limit;";

it.each([
	["a value that is imported", `import { total, limit } from "./money.ts";`, []],
	["all of a file", `import * as money from "./money.ts";`, []],
	["a file that is loaded", `const { total } = await import("./money.ts");`, []],
	["a value that is exported again", `export { total, limit } from "./money.ts";`, []],
	[
		"a value that nothing imports",
		`import { limit } from "./money.ts";`,
		["lib/money.ts exports total, which no file imports"]
	]
])("sees %s", (_, source, found) => {
	expect(unusedExports({ "lib/money.ts": library, "lib/user.ts": source })).toEqual(found);
});

it("refuses what only tests use, unless its file uses it too", () => {
	const test = `import { total, limit } from "./money.ts";`;
	expect(unusedExports({ "lib/money.ts": library, "lib/money.test.ts": test })).toEqual([
		"lib/money.ts exports total, which only tests use"
	]);
});
