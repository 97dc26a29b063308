import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";

const root = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "checks-"));
const script = join(folder, "script.mjs");

afterAll(() => rmSync(folder, { recursive: true }));

/** Runs the script twice, one after the other, and sends a signal as soon as the first one has started. */
async function runTwice(source: string, signal?: NodeJS.Signals) {
	writeFileSync(script, source);
	const program = `import { succeeds } from "./cli/test/checks.ts";
		const script = [${JSON.stringify(relative(root, script))}];
		console.log(await succeeds(script), await succeeds(script));`;
	const child = spawn(process.execPath, ["--input-type=module", "-e", program], { cwd: root });
	let output = "";
	child.stdout.setEncoding("utf8").on("data", (text: string) => {
		output += text;
		if (signal) child.kill(signal);
	});
	const [code] = await once(child, "close");
	return { code, output: output.trim().split("\n") };
}

it("runs a script after the other, and answers whether each succeeded", async () => {
	expect(await runTwice("console.log('started')")).toEqual({
		code: 0,
		output: ["started", "started", "true true"]
	});
	expect((await runTwice("process.exit(3)")).output).toEqual(["false false"]);
});

it.each([
	["SIGINT", 130],
	["SIGTERM", 143]
] as const)("ends on %s with exit code %i and starts no other script", async (signal, code) => {
	const source = `process.on("${signal}", () => process.exit(0));
		console.log("started"); setTimeout(() => {}, 20_000);`;
	expect(await runTwice(source, signal)).toEqual({ code, output: ["started"] });
});
