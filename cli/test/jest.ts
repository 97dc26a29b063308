import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { succeeds } from "./checks.ts";

/** How many tests passed and failed. */
export interface Score {
	passed: number;
	failed: number;
}

/** The relevant members of jest's --json. */
export interface JestResults {
	testResults: {
		/** The path of the file. */
		name: string;
		/** `failed` too if the file could not be loaded; then it has no tests to count. */
		status: "passed" | "failed" | string;
		assertionResults: { status: "passed" | "failed" | string }[];
	}[];
}

export const jestProgram = "node_modules/jest/bin/jest.js";
const root = join(import.meta.dirname, "../..");

/** System tests mostly wait: with three, two cores are busy for 87 % of 17 min; with two it takes longer. */
const workers = { unit: 2, system: 3 };

/** Files that failed beside others and passed by themselves. A race can be behind it, so they are shown at the end. */
export const passedByThemselves: string[] = [];

/** More files that fail than a busy machine makes fail: then the cause is another one. */
const mostRepeated = 3;

export const scoreOf = (isPassed: boolean): Score =>
	isPassed ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };

/** Of the files that `isCounted` names; a file that could not be loaded is one failure. */
export function scoreOfFiles(
	{ testResults }: JestResults,
	isCounted: (file: string) => boolean = () => true
): Score {
	const score = { passed: 0, failed: 0 };
	for (const { name, status, assertionResults } of testResults) {
		if (!isCounted(name)) continue;
		const count = (wanted: string) =>
			assertionResults.filter(result => result.status === wanted).length;
		score.passed += count("passed");
		score.failed += Math.max(count("failed"), status === "failed" ? 1 : 0);
	}
	return score;
}

/** The files that run again by themselves; none if there are too many. */
export function filesToRepeat({ testResults }: JestResults): string[] {
	const failed = testResults.filter(({ status }) => status === "failed").map(({ name }) => name);
	return failed.length > mostRepeated ? [] : failed;
}

interface JestRun {
	isOk: boolean;
	/** Undefined if jest did not come to its end. */
	results: JestResults | undefined;
}

async function run(options: readonly string[]): Promise<JestRun> {
	const folder = mkdtempSync(join(tmpdir(), "jest-"));
	const file = join(folder, "results.json");
	const output = ["--passWithNoTests", "--json", `--outputFile=${file}`];
	const isOk = await succeeds([jestProgram, ...output, ...options]);
	const results = read(file);
	rmSync(folder, { recursive: true });
	return { isOk, results };
}

function read(file: string): JestResults | undefined {
	try {
		return JSON.parse(readFileSync(file, "utf8"));
	} catch {
		return undefined;
	}
}

/** At least one failure if jest says that something failed. */
const atLeastOne = ({ passed, failed }: Score, { isOk }: JestRun): Score => ({
	passed,
	failed: isOk ? failed : Math.max(1, failed)
});

/**
 * One project: unit tests keep all cores busy, and system tests beside them miss their time limits.
 * @param isRepeated whether up to three files that failed beside others run again by themselves, and count as they end
 * then: most faults of the shop fail twice, a machine that is too busy does not
 */
export async function jest(
	project: keyof typeof workers,
	args: readonly string[],
	isRepeated = false
): Promise<Score> {
	const selected = ["--selectProjects", project];
	const first = await run([`--maxWorkers=${workers[project]}`, ...args, ...selected]);
	const { isOk, results } = first;
	const files = isRepeated && !isOk && results ? filesToRepeat(results) : [];
	if (!results || files.length === 0)
		return atLeastOne(results ? scoreOfFiles(results) : scoreOf(isOk), first);
	const names = files.map(file => relative(root, file)).join(", ");
	console.log(`FAILED BESIDE OTHERS, runs again by itself: ${names}`);
	const second = await run([
		"--runInBand",
		"--forceExit",
		"--runTestsByPath",
		...files,
		...selected
	]);
	const others = scoreOfFiles(results, file => !files.includes(file));
	const again = atLeastOne(
		second.results ? scoreOfFiles(second.results) : scoreOf(second.isOk),
		second
	);
	// One that did not run has not passed.
	if (second.results?.testResults.length !== files.length) again.failed = Math.max(1, again.failed);
	if (again.failed === 0) passedByThemselves.push(...files.map(file => relative(root, file)));
	return { passed: others.passed + again.passed, failed: others.failed + again.failed };
}
