import { join } from "node:path";
import ts from "typescript";
import type { Bug } from "./bug.ts";
import { applyPatch, type SourcePatch } from "./patched-tree.ts";
import { bugs } from "./planted-bugs.ts";

const root = join(import.meta.dirname, "../..");
/** A bug may leave a name unused, which does not keep a node from starting. */
const unused = new Set([6133, 6196, 6198]);

/** The compiler over the tree, with the bug's files replaced. */
function compiler() {
	const { config } = ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile);
	const { options, fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, root);
	const patched = new Map<string, string>();
	let version = 0;
	const textOf = (path: string) => patched.get(path) ?? ts.sys.readFile(path);
	const service = ts.createLanguageService({
		getCompilationSettings: () => options,
		getScriptFileNames: () => fileNames,
		getScriptVersion: path => (patched.has(path) ? `patched ${version}` : "as it is"),
		getScriptSnapshot: path => {
			const text = textOf(path);
			return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
		},
		getCurrentDirectory: () => root,
		getDefaultLibFileName: ts.getDefaultLibFilePath,
		fileExists: ts.sys.fileExists,
		readFile: ts.sys.readFile
	});
	/** Errors by file of all changed files. */
	return (changes: readonly SourcePatch[]): ReadonlyMap<string, string[]> => {
		patched.clear();
		version++;
		for (const change of changes) {
			const path = join(root, change.file);
			patched.set(path, applyPatch(textOf(path)!, change));
		}
		return new Map(changes.map(({ file }) => [file, errorsIn(join(root, file))]));
	};

	function errorsIn(path: string): string[] {
		return [...service.getSyntacticDiagnostics(path), ...service.getSemanticDiagnostics(path)]
			.filter(({ code }) => !unused.has(code))
			.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, " "));
	}
}

const changesOf = (bug: Bug): readonly SourcePatch[] => [bug, ...(bug.furtherChanges ?? [])];

/** Bugs that change no file of another are compiled together: a pass over the tree takes seconds. */
function groupsOf(all: readonly Bug[]): Bug[][] {
	const groups: { files: Set<string>; bugs: Bug[] }[] = [];
	for (const bug of all) {
		const files = changesOf(bug).map(({ file }) => file);
		let group = groups.find(one => files.every(file => !one.files.has(file)));
		if (!group) groups.push((group = { files: new Set(), bugs: [] }));
		for (const file of files) group.files.add(file);
		group.bugs.push(bug);
	}
	return groups.map(group => group.bugs);
}

/** A bug whose code does not compile is caught only because its nodes do not start, which proves nothing. */
describe("each planted bug compiles", () => {
	const compile = compiler();
	const errors = new Map<Bug, string[]>();

	beforeAll(() => {
		for (const group of groupsOf(bugs)) {
			const byFile = compile(group.flatMap(changesOf));
			for (const bug of group)
				errors.set(
					bug,
					changesOf(bug).flatMap(({ file }) => byFile.get(file)!)
				);
		}
	}, 120_000);

	it.each(bugs.map(bug => [bug.name, bug] as const))("%s", (_, bug) => {
		expect(errors.get(bug)).toEqual([]);
	});

	it("and an unknown name in a patch is reported", () => {
		const file = "lib/backoff.ts";
		const find = "export function backoff";
		const unknown = { file, find, replace: `nothingKnown();\n${find}` };
		expect(compile([unknown]).get(file)).toEqual(["Cannot find name 'nothingKnown'."]);
	});
});
