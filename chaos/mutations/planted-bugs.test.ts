import { readFileSync } from "node:fs";
import { join } from "node:path";
import { bugs } from "./planted-bugs.ts";
import { applyPatch } from "./patched-tree.ts";
import { checkers } from "../run/chaos-run.ts";

const root = join(import.meta.dirname, "../..");

describe("the seeded bugs", () => {
	it.each(bugs)("$name: changes its places in the product", bug => {
		for (const patch of [bug, ...(bug.furtherChanges ?? [])]) {
			const source = readFileSync(join(root, patch.file), "utf8");
			expect(applyPatch(source, patch)).toContain(patch.replace);
		}
	});

	it.each(bugs)("$name: is a checker's to find", ({ promise }) => {
		expect(checkers.map(checker => checker.promise)).toContain(promise);
	});

	it("are refused when their place is not there, or not the only one", () => {
		const patch = { file: "a.ts", find: "b", replace: "c" };
		expect(() => applyPatch("", patch)).toThrow("a.ts matches the patch 0 times");
		expect(() => applyPatch("bb", patch)).toThrow("2 times");
		expect(applyPatch("abd", patch)).toBe("acd");
	});
});
