import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Bug } from "./planted-bugs.ts";
import { scenes, type SceneName } from "./scenarios.ts";
import { Stage } from "../run/scenario-runner.ts";
import { testBuild } from "./patched-tree.ts";
import type { Finding } from "../run/chaos-run.ts";

export interface Caught {
	bug: Bug;
	/** What the bug's checker said; empty when it noticed nothing. */
	said: string[];
	/** Other promises that broke with it. */
	also: string[];
	tookMs: number;
}

export interface BugsOptions {
	/** The tree as it is. */
	root: string;
	/** Takes a folder for each bug, which goes when its run is over. */
	folder: string;
	bugs: readonly Bug[];
	onBug(caught: Caught): void;
	/** Told of every shop that is opened, so that it can be closed when all is broken off. */
	onStage(stage: Stage): void;
}

const nodes = ["order=2", "product=2"];
const orders = 60;
/** A bug may leave orders that never come to rest. */
const restWithinMs = 20_000;

/** Plays each bug's scene in a shop that has the bug. */
export async function runBugs(options: BugsOptions): Promise<Caught[]> {
	const { root, folder, bugs, onBug, onStage } = options;
	const all: Caught[] = [];
	for (const [index, bug] of bugs.entries()) {
		const begun = performance.now();
		const own = join(folder, `bug-${index + 1}`);
		const build = join(own, "build");
		mkdirSync(build, { recursive: true });
		testBuild(root, build, [bug, ...(bug.also ?? [])]);
		const findings = await play(build, join(own, "world"), [bug.scene], onStage);
		rmSync(own, { recursive: true, force: true });
		const broken = findings.filter(({ violations }) => violations.length > 0);
		const of = broken.filter(({ promise }) => promise === bug.promise);
		const caught = {
			bug,
			said: of.flatMap(({ violations }) => violations.map(({ what }) => what)),
			also: broken.map(({ promise }) => promise).filter(promise => promise !== bug.promise),
			tookMs: performance.now() - begun
		};
		all.push(caught);
		onBug(caught);
	}
	return all;
}

/** The checkers' findings after these scenes. Of the tree as it is they find nothing wrong. */
export async function play(
	root: string,
	folder: string,
	names: readonly SceneName[],
	onStage: BugsOptions["onStage"]
): Promise<Finding[]> {
	const stage = await Stage.open({ root, folder, nodes }, { seed: 1, orders });
	onStage(stage);
	try {
		for (const name of names) await scenes[name].play(stage);
		await stage.rest(restWithinMs);
		await stage.errands.lookAgain();
		return (await stage.trial.examine()).findings;
	} finally {
		await stage.stop();
	}
}
