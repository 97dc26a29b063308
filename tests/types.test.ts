import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

const root = join(import.meta.dirname, "..");
const program = join(root, "tests/types/contracts.test-d.ts");
const directive = /\/\/ @ts-expect-error .*/;

/** Compiles the program with another text. Returns the lines (from 1) with a tsc error. */
function linesWithErrors(source: string): number[] {
	const { config } = ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile);
	const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
	const host = ts.createCompilerHost(options);
	const readFile = host.readFile.bind(host);
	host.readFile = path => (path === program ? source : readFile(path));
	const compiled = ts.createProgram([program], options, host);
	const file = compiled.getSourceFile(program)!;
	const errors = compiled.getSemanticDiagnostics(file);
	return errors.map(({ start }) => file.getLineAndCharacterOfPosition(start!).line + 1);
}

describe("contracts", () => {
	it("make tsc refuse every wrong program of the type test, and no valid one", () => {
		const lines = readFileSync(program, "utf8").split("\n");
		const wrong = lines.flatMap((line, index) => (directive.test(line) ? [index + 2] : []));
		const errors = linesWithErrors(lines.map(line => line.replace(directive, "//")).join("\n"));
		expect(wrong.length).toBeGreaterThan(10);
		expect([...new Set(errors)]).toEqual(wrong);
	}, 60_000);
});
