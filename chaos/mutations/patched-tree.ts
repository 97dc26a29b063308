import { cpSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** One place of the product, put wrong. */
export interface Change {
	file: string;
	/** Stands in the file exactly once. */
	find: string;
	replace: string;
}

/** What a shop needs to run; neither its data nor its tests. */
const isSource = (name: string) =>
	!name.startsWith(".") && !["node_modules", "tests", "docs", "bench"].includes(name);

/** The file's text with the change in it. @throws Error unless its place is found exactly once */
export function changed(source: string, { file, find, replace }: Change): string {
	const found = source.split(find).length - 1;
	if (found !== 1) throw new Error(`${file} has the place of the change ${found} times, not once`);
	return source.replace(find, () => replace);
}

/**
 * Copies the tree at `root` into the empty `folder` and changes it there, so that the product itself
 * has no switch that could make it wrong (docs/decisions/0012).
 */
export function testBuild(root: string, folder: string, changes: readonly Change[]): void {
	for (const name of readdirSync(root).filter(isSource))
		cpSync(join(root, name), join(folder, name), { recursive: true });
	symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
	for (const change of changes) {
		const path = join(folder, change.file);
		writeFileSync(path, changed(readFileSync(path, "utf8"), change));
	}
}
