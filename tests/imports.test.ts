import { execFile } from "node:child_process";
import { globSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const root = join(import.meta.dirname, "..");
/** Without cli/: its files run when they are imported. */
const folders =
	"{bench,chaos,config,contracts,db,launch,lib,middlewares,mixins,psp,services,streams,verify,workload}";
const files = globSync(`${folders}/**/*.ts`, { cwd: root })
	.filter(file => !/\.(test|d)\.ts$/.test(file))
	.sort();

/** Jest compiles to CommonJS, where names may be imported that Node does not find in a package. */
it("Node finds every name that any module imports", async () => {
	expect(files.length).toBeGreaterThan(200);
	const script = `for (const file of ${JSON.stringify(files)}) await import("./" + file).catch(error => {
		console.log(file + ": " + error.message);
		process.exitCode = 1;
	});
	process.exit();`;
	const run = promisify(execFile)("node", ["--input-type=module", "--eval", script], { cwd: root });
	expect(await run.catch(({ stdout }: { stdout: string }) => ({ stdout, stderr: "" }))).toEqual({
		stdout: "",
		stderr: ""
	});
}, 60_000);
