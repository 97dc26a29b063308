import { spawnSync } from "node:child_process";
import {
	cpSync,
	mkdirSync,
	mkdtempSync,
	readFileSync,
	rmSync,
	symlinkSync,
	writeFileSync
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What an npm script says in a tree without packages, or on a Node that cannot run it. */

const root = join(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "preflight-"));
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(() => {
	for (const path of ["package.json", ".nvmrc", "launch/preflight.cjs"])
		cpSync(join(root, path), join(folder, path));
	mkdirSync(join(folder, "cli"));
	writeFileSync(
		join(folder, "cli/start.ts"),
		'const word: string = "started";\nconsole.log(word);\n'
	);
});

function start(...flags: string[]) {
	const args = [...flags, "-r", "./launch/preflight.cjs", "cli/start.ts"];
	const { status, stdout, stderr } = spawnSync(process.execPath, args, {
		cwd: folder,
		encoding: "utf8"
	});
	return [status, stdout + stderr];
}

const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
	scripts: Record<string, string>;
};

it.each(Object.entries(scripts))("comes first in npm run %s: %s", (_, script) => {
	expect(script).toMatch(/^(?:exec )?node -r \.\/launch\/preflight\.cjs |^npm run /);
});

it("says to run npm ci where packages are missing", () => {
	const sentence = (missing: string) =>
		`The packages of this project are not installed (${missing}): run npm ci first, with Node >=22.12.\n`;
	expect(start()).toEqual([
		78,
		expect.stringMatching(/^The packages of this project are not installed \(\S+ and \d+ others\)/)
	]);
	symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
	expect(start()).toEqual([0, "started\n"]);
	const { dependencies, ...rest } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
	const more = { ...rest, dependencies: { ...dependencies, "a-new-one": "^1.0.0" } };
	writeFileSync(join(folder, "package.json"), JSON.stringify(more));
	expect(start()).toEqual([78, sentence("a-new-one")]);
	cpSync(join(root, "package.json"), join(folder, "package.json"));
});

it("says which Node runs TypeScript files, on one that does not", () => {
	expect(start("--no-strip-types")).toEqual([
		78,
		expect.stringMatching(
			/^Node \S+ cannot run TypeScript files: npm ci puts Node 24\S* into [^\n]+\n$/
		)
	]);
});
