import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { strikeAll, type RowResult } from "../chaos/matrix.ts";
import { matrixNodes, rows } from "../chaos/matrix.plan.ts";
import { Stage } from "../chaos/stage.ts";
import { progress } from "./ground.ts";
import type { Lifecycle } from "./lifecycle.ts";

const root = join(import.meta.dirname, "..");
const quiesceMs = 120_000;
const sayEvery = 25;
/** More than all orders of a matrix: the scarce goods do not matter here. */
const orders = 1000;

const named = ({ point, mode, kind, node }: RowResult) => `${point}=${mode} (${kind}, ${node})`;

/** Every failpoint in every mode; then the promises are held against what happened. */
export async function proveMatrix(life: Lifecycle): Promise<void> {
	const begun = performance.now();
	const folder = mkdtempSync(join(tmpdir(), "shop-proof-"));
	life.atEnd(() => rmSync(folder, { recursive: true, force: true }));
	const stage = await Stage.open({ root, folder, nodes: matrixNodes }, orders);
	life.atEnd(() => stage.stop());
	const all = rows().length;
	let done = 0;
	const results = await strikeAll({
		stage,
		onRow: row => {
			if (!row.hit) progress(`${named(row)} was not reached`);
			if (++done % sayEvery === 0) progress(`${done} of ${all} rows`);
		}
	});
	progress("every order comes to rest");
	await stage.trial.quiesce(quiesceMs);
	await stage.errands.lookAgain();
	const { findings } = await stage.trial.examine();
	for (const { promise, title, looked, violations } of findings) {
		console.log(`${violations.length === 0 ? "✔" : "✘"} ${promise} ${title}: ${looked}`);
		for (const { what, order_id = "" } of violations.slice(0, 5))
			console.log(`  ${order_id} ${what}`);
	}
	const missed = results.filter(({ hit }) => !hit);
	const broken = findings.reduce((sum, { violations }) => sum + violations.length, 0);
	const tookS = Math.round((performance.now() - begun) / 1000);
	console.log(`${all - missed.length}/${all} rows struck, ${broken} violations, ${tookS} s`);
	await life.end(missed.length === 0 && broken === 0 ? 0 : 1);
}
