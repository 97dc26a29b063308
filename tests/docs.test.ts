import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const root = join(import.meta.dirname, "..");
const pages = globSync(["*.md", "docs/**/*.md"], { cwd: root }).sort();

/** Targets of relative links, without their anchors. */
function linksOf(text: string): string[] {
	const links = [...text.matchAll(/\]\((?!\w+:|#)([^)#\s]+)/g)];
	return links.map(([, target]) => target!);
}

/** Links of a page to files that are not there. */
function deadLinks(page: string, text: string): string[] {
	return linksOf(text).filter(target => !existsSync(join(root, dirname(page), target)));
}

describe("the documentation", () => {
	it("has pages", () => expect(pages).toContain("docs/architecture.md"));

	it.each(pages)("%s links to files that exist", page => {
		expect(deadLinks(page, readFileSync(join(root, page), "utf8"))).toEqual([]);
	});

	it("reports a broken link", () => {
		const text = "[a](gone.md) [b](../README.md#quick-start) [c](https://x.example/y) [d](#here)";
		expect(deadLinks("docs/architecture.md", text)).toEqual(["gone.md"]);
	});

	it("has a README of at most 200 lines of at most 120 columns", () => {
		const lines = readFileSync(join(root, "README.md"), "utf8").trimEnd().split("\n");
		expect(lines.length).toBeLessThanOrEqual(200);
		expect(lines.filter(line => line.length > 120)).toEqual([]);
	});
});
