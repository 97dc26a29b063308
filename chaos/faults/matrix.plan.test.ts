import {
	rowsByNode,
	matrixNodes,
	matrixRows,
	shopFailpoints,
	type MatrixRow
} from "./matrix.plan.ts";

describe("the matrix", () => {
	const byNode = rowsByNode(matrixRows());
	const assigned = [...byNode.values()].flat();

	it("has every row in three consecutive turns, and every failpoint in each", () => {
		const turns = [7, 8, 9].map(turn => matrixRows(turn));
		const named = (rows: readonly MatrixRow[]) =>
			new Set(rows.map(({ point, mode, kind }) => `${point} ${mode} ${kind}`));
		expect(named(turns.flat())).toEqual(named(matrixRows()));
		for (const rows of turns) {
			expect(rows.length).toBeLessThan(0.55 * matrixRows().length);
			const isCostly = ({ mode }: MatrixRow) => ["kill", "stop", "throw"].includes(mode);
			const points = rows.filter(isCostly).map(({ point }) => point);
			expect(new Set(points)).toEqual(new Set(shopFailpoints));
		}
	});

	it("triggers every failpoint by a kill, a stop, an error and a delay", () => {
		for (const mode of ["kill", "stop", "throw", "delay"])
			expect(new Set(matrixRows().flatMap(row => (row.mode === mode ? row.point : [])))).toEqual(
				new Set(shopFailpoints)
			);
	});

	it("loses every reply", () => {
		const withoutReply = matrixRows().flatMap(row => (row.mode === "drop_reply" ? row.point : []));
		expect(new Set(withoutReply)).toEqual(
			new Set(shopFailpoints.filter(p => p.endsWith(".before_reply")))
		);
	});

	it("assigns every row to one node of its service", () => {
		expect(new Set(assigned)).toEqual(new Set(assigned.flat()));
		expect(assigned).toHaveLength(matrixRows().length);
		for (const [node, own] of byNode)
			for (const { point } of own) expect(node.split("-")[0]).toBe(point.split(".")[0]);
	});

	it("leaves one node of each service without faults", () => {
		for (const word of matrixNodes) {
			const [service, count] = word.split("=");
			if (service === "gateway") continue;
			const targeted = [...byNode.keys()].filter(node => node.startsWith(`${service}-`));
			expect(targeted).toHaveLength(Number(count) - 1);
		}
	});
});
