import { posix } from "node:path";
import type { Sources } from "./architecture.rules.ts";

/** Rules of the tree as a whole: import cycles, the size of folders, the names of files. */

const isTest = (path: string) => /^tests\/|\.test\.ts$|\.d\.ts$/.test(path);
const importPattern = /(?:\bfrom|\bimport\()\s*"(\.[^"]+\.ts)"/g;

function importsIn(path: string, source: string): string[] {
	return [...source.matchAll(importPattern)].map(([, target]) =>
		posix.join(posix.dirname(path), target!)
	);
}

type Graph = Map<string, Set<string>>;

/**
 * Groups of nodes that reach each other: strongly connected components with more than one node.
 * R. Tarjan, "Depth-first search and linear graph algorithms", SIAM J. Comput. 1(2), 1972.
 */
function cycles(graph: Graph): string[][] {
	const order = new Map<string, number>();
	const low = new Map<string, number>();
	const stack: string[] = [];
	const found: string[][] = [];
	const visit = (node: string): void => {
		order.set(node, order.size);
		low.set(node, order.get(node)!);
		stack.push(node);
		for (const next of graph.get(node) ?? []) {
			if (!order.has(next)) visit(next);
			if (stack.includes(next)) low.set(node, Math.min(low.get(node)!, low.get(next)!));
		}
		if (low.get(node) !== order.get(node)) return;
		const group = stack.splice(stack.indexOf(node));
		if (group.length > 1) found.push(group.sort());
	};
	for (const node of graph.keys()) if (!order.has(node)) visit(node);
	return found;
}

function addEdge(graph: Graph, from: string, to: string): void {
	if (!graph.has(from)) graph.set(from, new Set());
	graph.get(from)!.add(to);
}

/** The two folders in which the paths of these files diverge; undefined if one contains the other. */
function siblings(a: string, b: string): [string, string] | undefined {
	const [left, right] = [a.split("/"), b.split("/")];
	let depth = 0;
	while (left[depth] === right[depth]) depth++;
	if (depth >= left.length - 1 || depth >= right.length - 1) return undefined;
	return [left.slice(0, depth + 1).join("/"), right.slice(0, depth + 1).join("/")];
}

/** Import cycles of files, and of sibling folders. */
export function importCycles(sources: Sources): string[] {
	const files: Graph = new Map();
	const folders: Graph = new Map();
	for (const [path, source] of Object.entries(sources)) {
		if (isTest(path)) continue;
		for (const target of importsIn(path, source)) {
			addEdge(files, path, target);
			const apart = siblings(path, target);
			if (apart) addEdge(folders, ...apart);
		}
	}
	return [...cycles(files), ...cycles(folders)].map(group => group.join(" ⇄ "));
}

const largestFolder = 20;

/** Folders with too many source files. Tests beside their subject do not count. */
export function largeFolders(sources: Sources): string[] {
	const counts = new Map<string, number>();
	for (const path of Object.keys(sources)) {
		if (path.endsWith(".test.ts") && !path.startsWith("tests/")) continue;
		const folder = posix.dirname(path);
		counts.set(folder, (counts.get(folder) ?? 0) + 1);
	}
	return [...counts]
		.filter(([, count]) => count > largestFolder)
		.map(([folder, count]) => `${folder} has ${count} files`);
}

/** The last word of names like `order.repository.ts`: what kind of thing the file holds (CONTRIBUTING.md, "Names"). */
const kinds = new Set(
	`service mixin model repository statements record outbox store machine decisions pricing allocation
	templates window plan runner admin factory driver partition subscription channel checker verifier profile
	health metrics representation reconciliation rules catalogue builder config`.split(/\s+/)
);

/** Kinds that exist in several folders; other kinds alone name the interface, as `checker.ts` does. */
const ambiguous =
	/^(repository|statements|record|outbox|model|decisions|templates|representation|metrics)$/;

/** A command bears the name of its npm script, and `index.ts` that of its folder. */
const isNamedElsewhere = (path: string) =>
	isTest(path) || /^cli\/[\w-]+\.ts$|(^|\/)index\.ts$/.test(path);

function nameFault(path: string): string | undefined {
	const [name, kind, ...rest] = posix.basename(path, ".ts").split(".");
	const folder = posix.basename(posix.dirname(path));
	if (rest.length > 0 || (kind !== undefined && !kinds.has(kind)))
		return `${path} is not named name.ts or subject.kind.ts`;
	if (kind === undefined && ambiguous.test(name!))
		return `${path} is only a kind: put its subject before it`;
	if (kind === undefined && name!.startsWith(`${folder}-`)) return `${path} repeats its folder`;
	return undefined;
}

/** Names that violate a rule of CONTRIBUTING.md ("Names"), and duplicate names. */
export function fileNames(sources: Sources): string[] {
	const paths = Object.keys(sources).filter(path => !isNamedElsewhere(path));
	const byName = Map.groupBy(paths, path => posix.basename(path));
	const shared = [...byName.values()].filter(group => group.length > 1);
	return [
		...paths.flatMap(path => nameFault(path) ?? []),
		...shared.map(group => `${group.join(" and ")} have one name`)
	];
}
