import { readFileSync } from "node:fs";
import { join } from "node:path";
import { bugs } from "./planted-bugs.ts";
import { changed } from "./patched-tree.ts";
import { checkers } from "../run/chaos-run.ts";

const root = join(import.meta.dirname, "../..");

describe("the seeded bugs", () => {
	it.each(bugs)("$name: changes its places in the product", bug => {
		for (const change of [bug, ...(bug.also ?? [])]) {
			const source = readFileSync(join(root, change.file), "utf8");
			expect(changed(source, change)).toContain(change.replace);
		}
	});

	it.each(bugs)("$name: is a checker's to find", ({ promise }) => {
		expect(checkers.map(checker => checker.promise)).toContain(promise);
	});

	it("are refused when their place is not there, or not the only one", () => {
		const change = { file: "a.ts", find: "b", replace: "c" };
		expect(() => changed("", change)).toThrow("a.ts has the place of the change 0 times");
		expect(() => changed("bb", change)).toThrow("2 times");
		expect(changed("abd", change)).toBe("acd");
	});
});
