import { readFileSync } from "node:fs";
import { join } from "node:path";
import { bugs } from "./planted-bugs.ts";
import { applyPatch } from "./patched-tree.ts";
import { checkers } from "../run/chaos-run.ts";

const root = join(import.meta.dirname, "../..");

describe("the planted bugs", () => {
	it.each(bugs)("$name: applies to the source", bug => {
		for (const patch of [bug, ...(bug.furtherChanges ?? [])]) {
			const source = readFileSync(join(root, patch.file), "utf8");
			expect(applyPatch(source, patch)).toContain(patch.replace);
		}
	});

	it.each(bugs)("$name: names its checker", ({ promise }) => {
		expect(checkers.map(checker => checker.promise)).toContain(promise);
	});

	it("are refused unless their text occurs exactly once", () => {
		const patch = { file: "a.ts", find: "b", replace: "c" };
		expect(() => applyPatch("", patch)).toThrow("a.ts matches the patch 0 times");
		expect(() => applyPatch("bb", patch)).toThrow("2 times");
		expect(applyPatch("abd", patch)).toBe("acd");
	});
});
