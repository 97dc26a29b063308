import { rowsByNode, matrixRows, type MatrixRow } from "../faults/matrix.plan.ts";
import { poll } from "../../lib/retry.ts";
import type { ScenarioRunner } from "./scenario-runner.ts";

export interface RowResult extends MatrixRow {
	node: string;
	/** False: the point was not reached, so nothing is proved of it. */
	hit: boolean;
	/** Until it was hit and the node was ready again. */
	tookMs: number;
}

export interface MatrixOptions {
	runner: ScenarioRunner;
	/** No failpoint is armed later, and no node is waited for longer. By `performance.now()`. */
	end?: number;
	plan?: ReadonlyMap<string, readonly MatrixRow[]>;
	onRow?(result: RowResult): void;
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
	times: number,
	withinMs: number,
	onProgress: (line: string) => void
): Promise<Matrix> {
	const startedAt = performance.now();
	const end = startedAt + withinMs;
	const matrix: Matrix = { rows: matrixRows().length * times, missed: [], injected: {}, tookMs: 0 };
	let done = 0;
	const onRow = ({ point, mode, kind, node, hit }: RowResult) => {
		if (hit) matrix.injected[mode] = (matrix.injected[mode] ?? 0) + 1;
		else matrix.missed.push(`${point}=${mode} (${kind}, ${node})`);
		if (++done % progressEvery === 0) onProgress(`${done} of ${matrix.rows} failpoints triggered`);
	};
	for (let n = 0; n < times; n++) await injectAll({ runner, end, onRow });
	return { ...matrix, tookMs: performance.now() - startedAt };
}

/**
 * Triggers every failpoint in every mode while an order of a fitting kind reaches it. Nodes run their
 * rows concurrently, so that one is killed while another is stopped; the orders are checked at the end.
 */
async function injectAll({
	runner,
	end = Infinity,
	plan = rowsByNode(),
	onRow = () => undefined
}: MatrixOptions): Promise<RowResult[]> {
	const customers: Promise<void>[] = [];
	const results = await Promise.all(
		[...plan].map(async ([name, rows]) => {
			const own: RowResult[] = [];
			for (const row of rows) {
				const startedAt = performance.now();
				const hit = startedAt < end && (await inject(runner, name, row, customers, end));
				own.push({ ...row, node: name, hit, tookMs: performance.now() - startedAt });
				onRow(own.at(-1)!);
			}
			return own;
		})
	);
	await Promise.all(customers);
	return results.flat();
}

/** Sends orders of the row's kind until its point is hit, and waits for the node to be ready again. */
async function inject(
	runner: ScenarioRunner,
	name: string,
	{ point, mode, kind }: MatrixRow,
	customers: Promise<void>[],
	end: number
): Promise<boolean> {
	const node = runner.cluster.node(name);
	const armed = { point, mode, ...(mode === "delay" && { ms: delayMs }) };
	const { hit, started } = await runner.runUntilHit(node, armed, () =>
		runner.scriptedOrders.run(kind)
	);
	customers.push(...started);
	await runner.failpoints.settled(node);
	// It reports the hit a moment before the process is seen to end.
	const leftMs = () => end - performance.now();
	if (hit && mode === "kill") await poll(() => !node.ready, { everyMs: 5, withinMs: leftMs() });
	await poll(() => node.ready, { everyMs: 50, withinMs: leftMs() });
	return hit;
}
