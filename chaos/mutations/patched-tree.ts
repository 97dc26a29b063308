import { cpSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A replacement in a source file that makes it wrong. */
export interface SourcePatch {
	file: string;
	/** Occurs in the file exactly once. */
	find: string;
	replace: string;
}

/** What a shop needs to run, without data and tests. */
const isSource = (name: string) =>
	!name.startsWith(".") && !["node_modules", "tests", "docs", "bench"].includes(name);

/** The file's text with the replacement. @throws Error unless its place is found exactly once */
export function applyPatch(source: string, { file, find, replace }: SourcePatch): string {
	const found = source.split(find).length - 1;
	if (found !== 1) throw new Error(`${file} matches the patch ${found} times, expected once`);
	return source.replace(find, () => replace);
}

/**
 * Copies the tree at `root` into the empty `folder` and changes it there, so that the product itself
 * has no switch that could make it wrong (docs/decisions/0012).
 */
export function buildPatchedTree(
	root: string,
	folder: string,
	patches: readonly SourcePatch[]
): void {
	for (const name of readdirSync(root).filter(isSource))
		cpSync(join(root, name), join(folder, name), { recursive: true });
	symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
	for (const patch of patches) {
		const path = join(folder, patch.file);
		writeFileSync(path, applyPatch(readFileSync(path, "utf8"), patch));
	}
}
