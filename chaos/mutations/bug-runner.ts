import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Bug } from "./bug.ts";
import { scenarios, type ScenarioName } from "./scenarios.ts";
import { ScenarioRunner } from "../run/scenario-runner.ts";
import { buildPatchedTree } from "./patched-tree.ts";
import type { Finding } from "../run/chaos-run.ts";

export interface BugResult {
	bug: Bug;
	/** What the bug's checker reported; empty when it found nothing. */
	violations: string[];
	/** Other promises that were broken. */
	otherPromises: string[];
	tookMs: number;
}

export interface BugsOptions {
	/** The unchanged tree. */
	root: string;
	/** Gets a folder for each bug, which is deleted after its run. */
	folder: string;
	bugs: readonly Bug[];
	onBug(caught: BugResult): void;
	/** Called with every cluster that is opened, so that it can be closed if the run is aborted. */
	onRunner(runner: ScenarioRunner): void;
}

const nodes = ["order=2", "product=2"];
const orders = 60;
/** A bug may leave orders that never settle. */
const restWithinMs = 20_000;

/** Runs each bug's scenario in a shop that has the bug. */
export async function runBugs(options: BugsOptions): Promise<BugResult[]> {
	const { root, folder, bugs, onBug, onRunner } = options;
	const all: BugResult[] = [];
	for (const [index, bug] of bugs.entries()) {
		const startedAt = performance.now();
		const folderOfBug = join(folder, `bug-${index + 1}`);
		const build = join(folderOfBug, "build");
		mkdirSync(build, { recursive: true });
		buildPatchedTree(root, build, [bug, ...(bug.furtherChanges ?? [])]);
		const findings = await runScenarios(
			build,
			join(folderOfBug, "world"),
			[bug.scenario],
			onRunner
		);
		rmSync(folderOfBug, { recursive: true, force: true });
		const broken = findings.filter(({ violations }) => violations.length > 0);
		const expected = broken.filter(({ promise }) => promise === bug.promise);
		const caught = {
			bug,
			violations: expected.flatMap(({ violations }) => violations.map(({ what }) => what)),
			otherPromises: broken
				.map(({ promise }) => promise)
				.filter(promise => promise !== bug.promise),
			tookMs: performance.now() - startedAt
		};
		all.push(caught);
		onBug(caught);
	}
	return all;
}

/** The checkers' findings after these scenarios. In the unchanged tree there must be none. */
export async function runScenarios(
	root: string,
	folder: string,
	names: readonly ScenarioName[],
	onRunner: BugsOptions["onRunner"]
): Promise<Finding[]> {
	const runner = await ScenarioRunner.open({ root, folder, nodes }, { seed: 1, orders });
	onRunner(runner);
	try {
		for (const name of names) await scenarios[name].run(runner);
		await runner.chaosRun.waitUntilSettled(restWithinMs);
		await runner.scriptedOrders.finishAll();
		return (await runner.chaosRun.check()).findings;
	} finally {
		await runner.stop();
	}
}
