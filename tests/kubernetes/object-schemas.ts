import { existsSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { valueFaults, wordOf, type Modelled } from "./agreement/model-validation.ts";
import { idOf, type ClusterObject } from "./cluster-objects.ts";
import type { Fault } from "./fault-lines.ts";

/**
 * Objects are compiled as literals of the types that npm packages make of the schemas of Kubernetes and of custom
 * resources. The compiler finds unknown and missing fields, and values of another type; a schema alone allows unknown ones.
 * The schemas then find values of another format.
 */

const project = join(import.meta.dirname, "../..");

const packages: Readonly<Record<string, string>> = {
	"argoproj.io": "@kubernetes-models/argo-cd",
	"external-secrets.io": "@kubernetes-models/external-secrets"
};

/** The module of a kind; of its own, because an index imports the types of all kinds. */
function moduleOf({ apiVersion, kind }: ClusterObject): string | undefined {
	const [group, version] = apiVersion.includes("/") ? apiVersion.split("/") : ["", apiVersion];
	const folder = `${packages[group!] ?? "kubernetes-models"}/${group ? `${group}/` : ""}${version}`;
	const isThere = existsSync(join(project, "node_modules", folder, `${kind}.d.ts`));
	return isThere ? `${folder}/${kind}` : undefined;
}

/** One object of the source; the line before its end names its value at each line of it. */
function declaration(object: ClusterObject, module: string, index: number): string {
	return `import type { I${object.kind} as T${index} } from ${JSON.stringify(module)};
const value${index}: T${index} = ${JSON.stringify(object, null, 1)};
void value${index};\n`;
}

const options: ts.CompilerOptions = {
	noEmit: true,
	strict: true,
	skipLibCheck: true,
	types: [],
	lib: ["lib.es5.d.ts"],
	target: ts.ScriptTarget.ES2022,
	module: ts.ModuleKind.NodeNext,
	moduleResolution: ts.ModuleResolutionKind.NodeNext
};

function diagnose(source: string): readonly ts.Diagnostic[] {
	const file = join(project, "rendered-objects.ts");
	const host = ts.createCompilerHost(options);
	const { getSourceFile, fileExists } = host;
	host.getSourceFile = (name, ...rest) =>
		name === file
			? ts.createSourceFile(name, source, ts.ScriptTarget.ES2022)
			: getSourceFile.call(host, name, ...rest);
	host.fileExists = name => name === file || fileExists.call(host, name);
	const program = ts.createProgram([file], options, host);
	return [
		...program.getSyntacticDiagnostics(),
		...program.getSemanticDiagnostics(program.getSourceFile(file))
	];
}

/** What a fault names at a line of the source: its member, with the value if that is on the same line. */
function wordAt(line: string): string | undefined {
	const [, name, value] = /^\s*"([^"]+)": (.*?),?$/.exec(line) ?? [];
	if (name === undefined) return undefined;
	return /^[[{]$/.test(value!) ? name : wordOf(name, JSON.parse(value!));
}

/** What the schemas refuse. A field that is newer than the cluster passes. */
export function schemaFaults(objects: readonly ClusterObject[]): Fault[] {
	const faults: Fault[] = [];
	const modelled: Modelled[] = [];
	const owners: ClusterObject[] = [];
	let source = "";
	for (const [index, object] of objects.entries()) {
		const module = moduleOf(object);
		if (!module) {
			const { apiVersion, kind } = object;
			faults.push({
				object: idOf(object),
				word: kind,
				text: `there is no schema of ${apiVersion} ${kind}`
			});
			continue;
		}
		modelled.push({ object, module });
		const text = declaration(object, module, index);
		owners.push(...Array.from({ length: text.split("\n").length - 1 }, () => object));
		source += text;
	}
	const lines = source.split("\n");
	for (const diagnostic of diagnose(source)) {
		const line = diagnostic.file!.getLineAndCharacterOfPosition(diagnostic.start!).line;
		const owner = owners[line]!;
		const message = ts
			.flattenDiagnosticMessageText(diagnostic.messageText, " ")
			.replace(/\s+/g, " ");
		const word = wordAt(lines[line]!) ?? owner.metadata.name;
		faults.push({ object: idOf(owner), word, text: message.slice(0, 300) });
	}
	return [...faults, ...valueFaults(modelled)];
}
