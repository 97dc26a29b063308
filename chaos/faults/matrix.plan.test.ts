import { dealtOut, matrixNodes, rows, shopFailpoints } from "./matrix.plan.ts";

describe("the matrix", () => {
	const dealt = [...dealtOut().values()].flat();

	it("strikes every failpoint by a kill, a stop, an error and a delay", () => {
		for (const mode of ["kill", "stop", "throw", "delay"])
			expect(new Set(rows().flatMap(row => (row.mode === mode ? row.point : [])))).toEqual(
				new Set(shopFailpoints)
			);
	});

	it("drops every reply", () => {
		const dropped = rows().flatMap(row => (row.mode === "drop_reply" ? row.point : []));
		expect(new Set(dropped)).toEqual(
			new Set(shopFailpoints.filter(p => p.endsWith(".before_reply")))
		);
	});

	it("deals every row to one node of its service", () => {
		expect(new Set(dealt)).toEqual(new Set(dealt.flat()));
		expect(dealt).toHaveLength(rows().length);
		for (const [node, own] of dealtOut())
			for (const { point } of own) expect(node.split("-")[0]).toBe(point.split(".")[0]);
	});

	it("leaves one node of each service alone", () => {
		for (const word of matrixNodes) {
			const [service, count] = word.split("=");
			if (service === "gateway") continue;
			const struck = [...dealtOut().keys()].filter(node => node.startsWith(`${service}-`));
			expect(struck).toHaveLength(Number(count) - 1);
		}
	});
});
