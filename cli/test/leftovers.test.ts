import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";

const root = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "leftovers-"));
const script = join(folder, "script.mjs");

afterAll(() => rmSync(folder, { recursive: true }));

async function runOnce(source: string): Promise<string> {
	writeFileSync(script, source);
	const program = `import { succeedsCleanly } from "./cli/test/leftovers.ts";
		console.log(await succeedsCleanly([${JSON.stringify(relative(root, script))}]));`;
	const child = spawn(process.execPath, ["--input-type=module", "-e", program], { cwd: root });
	let output = "";
	for (const stream of [child.stdout, child.stderr])
		stream.setEncoding("utf8").on("data", (text: string) => (output += text));
	await once(child, "close");
	return output;
}

it.each([
	["nothing", "", /^true\n$/],
	["a failure", "process.exit(1)", /^false\n$/],
	[
		"a file",
		`import { writeFileSync } from "node:fs"; writeFileSync(process.env.TMPDIR + "/rest", "");`,
		/left behind file rest\nfalse\n$/
	],
	[
		"a process",
		`import { spawn } from "node:child_process";
		spawn("sleep", ["9"], { detached: true, stdio: "ignore" }).unref();`,
		/left behind process \d+: sleep 9 \nfalse\n$/
	]
])("a script that leaves %s", async (_, source, output) => {
	expect(await runOnce(source)).toMatch(output);
});
