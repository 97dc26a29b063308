import { rowsByNode, matrixRows, type MatrixRow } from "../faults/matrix.plan.ts";
import { poll } from "../../lib/retry.ts";
import type { Arming } from "../../lib/failpoint.ts";
import type { ScenarioRunner } from "./scenario-runner.ts";

/** Which rows run. */
export interface MatrixSize {
	/** How often each of them. */
	times: number;
	/** Of `matrixRows`: a part of the modes. Undefined for all. */
	turn?: number;
}

/** Result of all rows. */
export interface Matrix {
	rows: number;
	/** Rows whose point was not reached. */
	missed: string[];
	/** Hits by mode. */
	injected: Partial<Record<MatrixRow["mode"], number>>;
	tookMs: number;
}

const delayMs = 400;
const progressEvery = 25;

/** All rows, so many times; those for which there is no time left count as missed. */
export async function runMatrix(
	runner: ScenarioRunner,
	{ times, turn }: MatrixSize,
	withinMs: number,
	onProgress: (line: string) => void
): Promise<Matrix> {
	const startedAt = performance.now();
	const end = startedAt + withinMs;
	const rows = matrixRows(turn);
	const matrix: Matrix = { rows: rows.length * times, missed: [], injected: {}, tookMs: 0 };
	let done = 0;
	const onHit = ({ mode }: MatrixRow) => {
		matrix.injected[mode] = (matrix.injected[mode] ?? 0) + 1;
		if (++done % progressEvery === 0) onProgress(`${done} of ${matrix.rows} failpoints triggered`);
	};
	for (let n = 0; n < times; n++)
		matrix.missed.push(...(await injectAll(runner, rows, end, onHit)));
	return { ...matrix, tookMs: performance.now() - startedAt };
}

/**
 * Triggers every failpoint in every mode while an order of a fitting kind reaches it. Nodes run their
 * rows concurrently, so that one is killed while another is stopped; the orders are checked at the end.
 * Returns the rows whose point was not reached, although they were tried twice: under load an order may come to a
 * point too late.
 */
async function injectAll(
	runner: ScenarioRunner,
	rows: readonly MatrixRow[],
	end: number,
	onHit: (row: MatrixRow) => void
): Promise<string[]> {
	const customers: Promise<void>[] = [];
	const missed = await Promise.all(
		[...rowsByNode(rows)].map(async ([name, rows]) => {
			const missed = new Set(rows);
			const groups = [...groupsOf(rows), ...groupsOf(rows)];
			for (const group of groups) {
				const left = group.filter(row => missed.has(row));
				if (left.length === 0 || performance.now() > end) continue;
				for (const row of await inject(runner, name, left, customers, end)) {
					missed.delete(row);
					onHit(row);
				}
			}
			return [...missed].map(({ point, mode, kind }) => `${point}=${mode} (${kind}, ${name})`);
		})
	);
	await Promise.all(customers);
	return missed.flat();
}

/** Rows that are armed at one time: a delay ends nothing, so one order may meet many; of another mode it is one. */
function groupsOf(rows: readonly MatrixRow[]): MatrixRow[][] {
	const delays = Object.values(
		Object.groupBy(
			rows.filter(({ mode }) => mode === "delay"),
			({ kind }) => kind
		)
	);
	return [...delays, ...rows.filter(({ mode }) => mode !== "delay").map(row => [row])];
}

/**
 * Sends orders of the rows' kind until their points are hit, and waits for the node to be ready again.
 * @param group rows of one kind and mode
 */
async function inject(
	runner: ScenarioRunner,
	name: string,
	group: readonly MatrixRow[],
	customers: Promise<void>[],
	end: number
): Promise<MatrixRow[]> {
	const node = runner.cluster.node(name);
	const { kind, mode } = group[0]!;
	const armings = new Map<MatrixRow, Arming>(
		group.map(row => [row, { point: row.point, mode, ...(mode === "delay" && { ms: delayMs }) }])
	);
	const { hits, started } = await runner.runUntilHit(node, [...armings.values()], () =>
		runner.scriptedOrders.run(kind)
	);
	customers.push(...started);
	await runner.failpoints.settled(node);
	// It reports the hit a moment before the process is seen to end.
	const leftMs = () => end - performance.now();
	if (hits.size > 0 && mode === "kill")
		await poll(() => !node.ready, { everyMs: 5, withinMs: leftMs() });
	await poll(() => node.ready, { everyMs: 50, withinMs: leftMs() });
	return group.filter(row => hits.has(armings.get(row)!));
}
