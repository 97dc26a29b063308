import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bugs } from "../../chaos/mutations/planted-bugs.ts";
import { runScenarios, runBugs, type BugResult } from "../../chaos/mutations/bug-runner.ts";
import { scenarios, type ScenarioName } from "../../chaos/mutations/scenarios.ts";
import type { ScenarioRunner } from "../../chaos/run/scenario-runner.ts";
import { progress } from "../../launch/shop/prepare-shop.ts";
import { exitCodes, LaunchError } from "../../launch/process/launch-error.ts";
import type { Lifecycle } from "../../launch/process/lifecycle.ts";

const root = join(import.meta.dirname, "../..");
const seconds = (ms: number) => `${(ms / 1000).toFixed(0)} s`;

function resultLine({ bug, violations, otherPromises, tookMs }: BugResult): string {
	const others = otherPromises.length > 0 ? ` (and ${otherPromises.join(", ")})` : "";
	const words =
		violations.length > 0 ? `caught by ${bug.promise}${others}: ${violations[0]}` : "NOT CAUGHT";
	return `${bug.name}: ${words}, ${seconds(tookMs)}`;
}

/** Plants every bug, or those whose promise and name contain the words; the same scenarios in the unchanged shop are the control. */
export async function runPlantedBugs(life: Lifecycle, only: string): Promise<void> {
	const planted = bugs.filter(({ name, promise }) => `${promise} ${name}`.includes(only));
	if (planted.length === 0) throw new LaunchError(`No bug is called "${only}".`, exitCodes.usage);
	const scenarioNames = new Set(planted.map(({ scenario }) => scenario));
	const folder = mkdtempSync(join(tmpdir(), "shop-proof-"));
	life.atEnd(() => rmSync(folder, { recursive: true, force: true }));
	let runner: ScenarioRunner | undefined;
	const onRunner = (openedRunner: ScenarioRunner) => (runner = openedRunner);
	life.atEnd(() => runner?.stop());
	const names = (Object.keys(scenarios) as ScenarioName[]).filter(name => scenarioNames.has(name));
	progress(`the unchanged shop, in ${names.length} scenarios`);
	const findings = await runScenarios(root, join(folder, "control"), names, onRunner);
	const falseAlarms = findings.flatMap(({ promise, violations }) =>
		violations.map(({ what }) => `${promise}: ${what}`)
	);
	for (const line of falseAlarms) console.log(`without a bug, ${line}`);
	const onBug = (caught: BugResult) => progress(resultLine(caught));
	const all = await runBugs({ root, folder, bugs: planted, onBug, onRunner });
	const caught = all.filter(({ violations }) => violations.length > 0).length;
	console.log(`${caught}/${all.length} caught, ${falseAlarms.length} violations without a bug`);
	await life.end(caught === all.length && falseAlarms.length === 0 ? 0 : 1);
}
