import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * `npm test`: every check, then every test, then the chaos run; the last line is `N passed, N failed`.
 * Arguments go to jest, e.g. `npm test -- tests/integration`; then checks and the chaos run are skipped.
 */

const root = join(import.meta.dirname, "..");

interface Score {
	passed: number;
	failed: number;
}

/** The relevant members of jest's --json. A suite that could not be loaded has no tests to count. */
interface JestResults {
	numPassedTests: number;
	numFailedTests: number;
	numRuntimeErrorTestSuites: number;
}

const checks: Record<string, string[]> = {
	types: ["typescript/bin/tsc", "--noEmit"],
	lint: ["eslint/bin/eslint.js", "."],
	format: ["prettier/bin/prettier.cjs", "--check", "--log-level", "warn", "."],
	generated: ["../scripts/generate.ts", "--check"]
};

/** The chaos run, after all else: it needs the machine for itself. */
const chaos = ["../cli/chaos.ts", "--tier", "ci"];

/** Runs a program of node_modules with its output here. Returns whether it succeeded. */
async function succeeds([program, ...args]: string[]): Promise<boolean> {
	const script = join(root, "node_modules", program!);
	const child = spawn(process.execPath, [script, ...args], { cwd: root, stdio: "inherit" });
	const forward = (signal: NodeJS.Signals) => child.kill(signal);
	process.on("SIGINT", forward).on("SIGTERM", forward);
	const [code] = await once(child, "exit");
	process.off("SIGINT", forward).off("SIGTERM", forward);
	return code === 0;
}

async function check(name: string, command: string[]): Promise<Score> {
	const ok = await succeeds(command);
	console.log(`${ok ? "PASS" : "FAIL"} check ${name}`);
	return ok ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

function read(file: string): JestResults | undefined {
	try {
		return JSON.parse(readFileSync(file, "utf8"));
	} catch {
		return undefined;
	}
}

/** System tests mostly wait: with three, two cores are busy for 70 % of 290 s; with two it takes 380 s. */
const workers = { unit: 2, system: 3 };

async function jest(project: keyof typeof workers, args: string[]): Promise<Score> {
	const folder = mkdtempSync(join(tmpdir(), "jest-"));
	const file = join(folder, "results.json");
	const atOnce = `--maxWorkers=${workers[project]}`;
	const options = [atOnce, "--passWithNoTests", "--json", `--outputFile=${file}`];
	const ok = await succeeds(["jest/bin/jest.js", ...options, ...args, "--selectProjects", project]);
	const results = read(file);
	rmSync(folder, { recursive: true });
	const passed = results?.numPassedTests ?? 0;
	const failed = (results?.numFailedTests ?? 0) + (results?.numRuntimeErrorTestSuites ?? 0);
	return { passed, failed: ok ? failed : Math.max(1, failed) };
}

const args = process.argv.slice(2);
const scores: Score[] = [];
if (args.length === 0)
	for (const [name, command] of Object.entries(checks)) scores.push(await check(name, command));
const before = scores.length;
for (const project of ["unit", "system"] as const) scores.push(await jest(project, args));
const beforeChaos = scores.length;
if (args.length === 0) scores.push(await check("proof", chaos));

const sum = (part: keyof Score, of = scores) => of.reduce((total, score) => total + score[part], 0);
const tests = scores.slice(before, beforeChaos);
if (sum("passed", tests) + sum("failed", tests) === 0) console.error("No test ran.");
console.log(`${sum("passed")} passed, ${sum("failed")} failed`);
process.exitCode = sum("failed") > 0 || sum("passed", tests) === 0 ? 1 : 0;
