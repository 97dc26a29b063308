import { join } from "node:path";
import ts from "typescript";
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
	return (changes: readonly SourcePatch[]): string[] => {
		patched.clear();
		version++;
		for (const change of changes) {
			const path = join(root, change.file);
			patched.set(path, applyPatch(textOf(path)!, change));
		}
		return [...patched.keys()]
			.flatMap(path => [
				...service.getSyntacticDiagnostics(path),
				...service.getSemanticDiagnostics(path)
			])
			.filter(({ code }) => !unused.has(code))
			.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, " "));
	};
}

/** A bug whose code does not compile is caught only because its nodes do not start, which proves nothing. */
describe("each planted bug compiles", () => {
	const errorsOf = compiler();

	it.each(bugs.map(bug => [bug.name, bug] as const))("%s", (_, bug) => {
		expect(errorsOf([bug, ...(bug.furtherChanges ?? [])])).toEqual([]);
	});

	it("and an unknown name in a patch is reported", () => {
		const patch = {
			file: "lib/backoff.ts",
			find: "export function backoff",
			replace: "nothingKnown();\nexport function backoff"
		};
		expect(errorsOf([patch])).toEqual(["Cannot find name 'nothingKnown'."]);
	});
});
