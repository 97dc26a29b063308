import { sourceTree } from "./source-tree.ts";
import { fileNames, importCycles, largeFolders } from "./tree.rules.ts";

const imports = (...targets: string[]) =>
	targets.map(target => `import { x } from "${target}";`).join("\n");

describe("the tree", () => {
	const sources = sourceTree();

	it("has no import cycle, no folder of more than 20 files and no name against the rule", () => {
		expect(Object.keys(sources)).toContain("lib/money.ts");
		expect(importCycles(sources)).toEqual([]);
		expect(largeFolders(sources)).toEqual([]);
		expect(fileNames(sources)).toEqual([]);
	});
});

describe("an import cycle", () => {
	it("is found between files, of any length", () => {
		const sources = {
			"lib/a.ts": imports("./b.ts"),
			"lib/b.ts": imports("./c.ts"),
			"lib/c.ts": imports("./a.ts")
		};
		expect(importCycles(sources)).toEqual(["lib/a.ts ⇄ lib/b.ts ⇄ lib/c.ts"]);
	});

	it("is found between sibling folders, and not between a folder and its parent", () => {
		const sources = {
			"chaos/run/x.ts": imports("../faults/y.ts", "../report.ts"),
			"chaos/faults/z.ts": imports("../run/w.ts"),
			"chaos/report.ts": imports("./run/w.ts")
		};
		expect(importCycles(sources)).toEqual(["chaos/faults ⇄ chaos/run"]);
	});

	it("is ignored when a test closes it", () => {
		const sources = { "a/x.ts": imports("../b/y.ts"), "b/y.test.ts": imports("../a/x.ts") };
		expect(importCycles(sources)).toEqual([]);
	});
});

it("reports a folder of 21 files, and not one of 20 with tests", () => {
	const files = (count: number, end: string) =>
		Object.fromEntries(Array.from({ length: count }, (_, n) => [`lib/f${n}${end}`, ""]));
	expect(largeFolders(files(21, ".ts"))).toEqual(["lib has 21 files"]);
	expect(largeFolders({ ...files(20, ".ts"), ...files(20, ".test.ts") })).toEqual([]);
});

it.each([
	[["services/order/saga/saga-poller.ts"], "repeats its folder"],
	[["services/order/storage/repository.ts"], "is only a kind"],
	[["services/order/order.saga.poller.ts"], "is not named"],
	[["streams/kafka.member.ts"], "is not named"],
	[["lib/clock.ts", "db/clock.ts"], "have one name"]
])("refuses the name of %j: %s", (paths, fault) => {
	const sources = Object.fromEntries(paths.map(path => [path, ""]));
	expect(fileNames(sources)).toEqual([expect.stringContaining(fault)]);
});

it.each([
	"services/order/saga/poller.ts",
	"services/order/storage/order.repository.ts",
	"services/order/order.service.ts",
	"streams/index.ts",
	"psp/ledger/ledger.ts"
])("accepts %s", path => {
	expect(fileNames({ [path]: "" })).toEqual([]);
});
