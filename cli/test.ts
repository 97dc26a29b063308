import { join } from "node:path";
import { printUsage } from "../launch/process/command-line.ts";
import { runChecks, succeeds } from "./test/checks.ts";
import { jest, jestProgram, passedByThemselves, scoreOf, type Score } from "./test/jest.ts";
import { succeedsCleanly } from "./test/leftovers.ts";
import { onPackaged } from "./test/on-packaged.ts";
import { mayLeaveOut, partsLeftOut, requirements } from "./test/requirements.ts";

const usage = `Usage: npm test [-- <paths and options of jest>]
Runs every check, then every test that this machine can run; the last line is "N passed, N failed". With CI=true no
part is left out, and the chaos run follows.
  <path>     only the tests whose path holds it, e.g. tests/integration/order, without checks and the chaos run
  --watch    one jest with the keyboard; nothing is counted
Other options go to jest: npm run unit -- --help prints them.
A file of system tests that fails beside others runs again by itself, and counts as it ends then.`;

/** After all else, because it needs the machine for itself. */
const chaos = ["cli/chaos.ts", "--tier", "ci"];

const args = process.argv.slice(2);

async function runTests(): Promise<void> {
	const isWhole = args.length === 0;
	const scores: Score[] = isWhole ? (await runChecks()).map(scoreOf) : [];
	const tests = [await jest("unit", args), await jest("system", args, isWhole)];
	const isOwnServer = Boolean(process.env.TEST_DATABASE_URL);
	if (isWhole && !isOwnServer && (requirements.postgres.isThere() || !mayLeaveOut())) {
		process.env.TEST_POSTGRES = "packaged";
		tests.push(await jest("system", onPackaged, isWhole));
	}
	scores.push(...tests);
	const sum = (part: keyof Score, of = scores) =>
		of.reduce((total, score) => total + score[part], 0);
	const hasRun = sum("passed", tests) > 0;
	if (!hasRun && sum("failed", tests) === 0) console.error("No test ran.");
	if (isWhole && !mayLeaveOut()) scores.push(scoreOf(await succeedsCleanly(chaos)));
	if (isWhole && mayLeaveOut()) {
		for (const line of partsLeftOut()) console.log(line);
		console.log("Left out: the chaos run of five minutes. Run npm run chaos.");
	}
	for (const file of passedByThemselves)
		console.log(`${file} failed beside others and passed by itself: see above for the failure`);
	console.log(`${sum("passed")} passed, ${sum("failed")} failed`);
	process.exitCode = sum("failed") === 0 && hasRun ? 0 : 1;
}

async function watch(): Promise<void> {
	process.exit((await succeeds([jestProgram, ...args], undefined, "inherit")) ? 0 : 1);
}

// Of the options, only this one is not jest's.
if (args.some(arg => arg === "--help" || arg === "-h")) printUsage(usage);
// Tests start some hundred processes of the shop; with it each takes half of the processor time until it is ready.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, "../.cache/compile");
void (args.some(arg => arg.startsWith("--watch")) ? watch() : runTests());
