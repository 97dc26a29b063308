import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bugs } from "../../chaos/mutations/planted-bugs.ts";
import { play, runBugs, type Caught } from "../../chaos/mutations/bug-runner.ts";
import { scenes, type SceneName } from "../../chaos/mutations/scenarios.ts";
import type { Stage } from "../../chaos/run/scenario-runner.ts";
import { progress } from "../../launch/shop/prepare-shop.ts";
import { exitCodes, LaunchError } from "../../launch/process/launch-error.ts";
import type { Lifecycle } from "../../launch/process/lifecycle.ts";

const root = join(import.meta.dirname, "../..");
const seconds = (ms: number) => `${(ms / 1000).toFixed(0)} s`;

function told({ bug, said, also, tookMs }: Caught): string {
	const others = also.length > 0 ? ` (and ${also.join(", ")})` : "";
	const words = said.length > 0 ? `caught by ${bug.promise}${others}: ${said[0]}` : "NOT CAUGHT";
	return `${bug.name}: ${words}, ${seconds(tookMs)}`;
}

/** Plants every bug, or those whose promise and name hold the words; the same scenes in the shop as it is are the control. */
export async function proveBugs(life: Lifecycle, only: string): Promise<void> {
	const planted = bugs.filter(({ name, promise }) => `${promise} ${name}`.includes(only));
	if (planted.length === 0) throw new LaunchError(`No bug is called "${only}".`, exitCodes.usage);
	const played = new Set(planted.map(({ scene }) => scene));
	const folder = mkdtempSync(join(tmpdir(), "shop-proof-"));
	life.atEnd(() => rmSync(folder, { recursive: true, force: true }));
	let stage: Stage | undefined;
	const onStage = (opened: Stage) => (stage = opened);
	life.atEnd(() => stage?.stop());
	const names = (Object.keys(scenes) as SceneName[]).filter(name => played.has(name));
	progress(`the shop as it is, in ${names.length} scenes`);
	const findings = await play(root, join(folder, "control"), names, onStage);
	const wrong = findings.flatMap(({ promise, violations }) =>
		violations.map(({ what }) => `${promise}: ${what}`)
	);
	for (const line of wrong) console.log(`without a bug, ${line}`);
	const onBug = (caught: Caught) => progress(told(caught));
	const all = await runBugs({ root, folder, bugs: planted, onBug, onStage });
	const caught = all.filter(({ said }) => said.length > 0).length;
	console.log(`${caught}/${all.length} caught, ${wrong.length} violations without a bug`);
	await life.end(caught === all.length && wrong.length === 0 ? 0 : 1);
}
