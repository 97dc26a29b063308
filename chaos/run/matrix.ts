import { setTimeout as sleep } from "node:timers/promises";
import { dealtOut, rows, type Row } from "../faults/matrix.plan.ts";
import type { Stage } from "./scenario-runner.ts";

export interface RowResult extends Row {
	node: string;
	/** False: the point was not reached, so nothing is proved of it. */
	hit: boolean;
	/** Until it was hit and the node was there again. */
	tookMs: number;
}

export interface MatrixOptions {
	stage: Stage;
	/** No strike begins later, and no node is waited for longer. By `performance.now()`. */
	end?: number;
	plan?: ReadonlyMap<string, readonly Row[]>;
	onRow?(result: RowResult): void;
}

/** What came of all rows. */
export interface Matrix {
	rows: number;
	/** Rows whose point was not reached. */
	missed: string[];
	/** Strikes by mode. */
	struck: Partial<Record<Row["mode"], number>>;
	tookMs: number;
}

const delayMs = 400;
const sayEvery = 25;

/** All rows, so many times; those for which there is no time left count as missed. */
export async function strikeEach(
	stage: Stage,
	times: number,
	withinMs: number,
	say: (line: string) => void
): Promise<Matrix> {
	const begun = performance.now();
	const end = begun + withinMs;
	const matrix: Matrix = { rows: rows().length * times, missed: [], struck: {}, tookMs: 0 };
	let done = 0;
	const onRow = ({ point, mode, kind, node, hit }: RowResult) => {
		if (hit) matrix.struck[mode] = (matrix.struck[mode] ?? 0) + 1;
		else matrix.missed.push(`${point}=${mode} (${kind}, ${node})`);
		if (++done % sayEvery === 0) say(`${done} of ${matrix.rows} strikes`);
	};
	for (let n = 0; n < times; n++) await strikeAll({ stage, end, onRow });
	return { ...matrix, tookMs: performance.now() - begun };
}

/**
 * Strikes every failpoint in every mode while an order of a fitting kind passes it. Nodes go through
 * their rows side by side, so that one dies while another is frozen; what became of the orders is
 * looked at when all is over.
 */
export async function strikeAll({
	stage,
	end = Infinity,
	plan = dealtOut(),
	onRow = () => undefined
}: MatrixOptions): Promise<RowResult[]> {
	const customers: Promise<void>[] = [];
	const results = await Promise.all(
		[...plan].map(async ([name, rows]) => {
			const own: RowResult[] = [];
			for (const row of rows) {
				const begun = performance.now();
				const hit = begun < end && (await strike(stage, name, row, customers, end));
				own.push({ ...row, node: name, hit, tookMs: performance.now() - begun });
				onRow(own.at(-1)!);
			}
			return own;
		})
	);
	await Promise.all(customers);
	return results.flat();
}

/** Sends orders of the row's kind until its point strikes, and waits for the node to come back. */
async function strike(
	stage: Stage,
	name: string,
	{ point, mode, kind }: Row,
	customers: Promise<void>[],
	end: number
): Promise<boolean> {
	const node = stage.world.node(name);
	const arming = { point, mode, ...(mode === "delay" && { ms: delayMs }) };
	const { hit, begun } = await stage.provoke(node, arming, () => stage.errands.run(kind));
	customers.push(...begun);
	await stage.strikes.settled(node);
	// It tells that it is going to die a moment before it is seen to be gone.
	const isOver = () => performance.now() > end;
	if (hit && mode === "kill") while (node.ready && !isOver()) await sleep(5);
	while (!node.ready && !isOver()) await sleep(50);
	return hit;
}
