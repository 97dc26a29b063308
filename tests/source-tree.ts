import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Sources } from "./architecture.rules.ts";

const root = join(import.meta.dirname, "..");
const foreign = /^(node_modules|\.shop|\.cache|\.git)(\/|$)/;

/** Every TypeScript file of this tree with its text. */
export function sourceTree(): Sources {
	const paths = globSync("**/*.ts", { cwd: root, exclude: path => foreign.test(path) });
	return Object.fromEntries(paths.map(path => [path, readFileSync(join(root, path), "utf8")]));
}
