import { posix } from "node:path";
import type { Sources } from "./architecture.rules.ts";

/** Finds exported values that nothing needs, so that dead code does not outlive its last user. */

const isTest = (path: string) => /^tests\/|\.test\.ts$|\.d\.ts$/.test(path);

/** By file: the names that others import from it, `*` for all. */
type Imports = Map<string, Set<string>>;

const importPattern =
	/import\s+(?:type\s+)?(?:(\w+)\s*,?\s*)?(?:\{([^}]*)\}|(\*)\s+as\s+\w+)?\s*from\s*"(\.[^"]+)"/g;
const dynamicPattern = /import\(\s*(?:"(\.[^"]+)"|`)/g;
const reexportPattern = /export\s+(?:type\s+)?(?:\{([^}]*)\}|\*)\s*from\s*"(\.[^"]+)"/g;

const namesIn = (list: string) =>
	list.split(",").flatMap(entry => /^\s*(?:type\s+)?(\w+)/.exec(entry)?.[1] ?? []);

function collectImports(sources: Sources, wanted: (path: string) => boolean): Imports {
	const all: Imports = new Map();
	const add = (from: string, target: string, names: readonly string[]) => {
		const path = posix.join(posix.dirname(from), target);
		const known = all.get(path) ?? new Set();
		for (const name of names) known.add(name);
		all.set(path, known);
	};
	for (const [path, source] of Object.entries(sources).filter(([path]) => wanted(path))) {
		for (const [, , list, star, target] of source.matchAll(importPattern))
			add(path, target!, star ? ["*"] : namesIn(list ?? ""));
		for (const [, target] of source.matchAll(dynamicPattern)) if (target) add(path, target, ["*"]);
		for (const [, list, target] of source.matchAll(reexportPattern))
			add(path, target!, list ? namesIn(list) : ["*"]);
	}
	return all;
}

const exportPattern = /^export (?:async )?(?:function|const|class) (\w+)/gm;

/** @param loaded files that are loaded by a path that is put together */
export function unusedExports(sources: Sources, loaded: RegExp = /(?!)/): string[] {
	const imports = collectImports(sources, () => true);
	const needed = collectImports(sources, path => !isTest(path));
	const found: string[] = [];
	for (const [path, source] of Object.entries(sources)) {
		if (isTest(path) || loaded.test(path)) continue;
		const [any, product] = [imports.get(path), needed.get(path)];
		for (const [, name] of source.matchAll(exportPattern)) {
			// A schema has the name of its type, and both are exported or neither.
			const isSchema = source.includes(`export type ${name} =`);
			if (isSchema || any?.has("*") || product?.has("*") || product?.has(name!)) continue;
			const uses = source.match(new RegExp(`\\b${name}\\b`, "g"))!.length - 1;
			if (!any?.has(name!)) found.push(`${path} exports ${name}, which no file imports`);
			else if (uses === 0) found.push(`${path} exports ${name}, which only tests use`);
		}
	}
	return found;
}
