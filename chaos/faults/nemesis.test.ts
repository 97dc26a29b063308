import { faultKinds, schedule, type Fault } from "./nemesis.ts";

const targets = [
	{ node: "gateway-1", wires: ["nats", "clients"] },
	{ node: "order-1", wires: ["nats", "postgres"] },
	{ node: "payment-1", wires: ["nats", "postgres", "provider"] }
];

function first(count: number, seed: number, kinds?: (keyof typeof faultKinds)[]): Fault[] {
	const faults = schedule(seed, targets, kinds);
	return Array.from({ length: count }, () => faults.next().value);
}

describe("the schedule of faults", () => {
	it("is the same for the same seed and another for another", () => {
		expect(first(300, 7)).toEqual(first(300, 7));
		expect(first(300, 7)).not.toEqual(first(300, 8));
	});

	it("has every kind, on every node, and about half of them kills", () => {
		const faults = first(2000, 1);
		const kinds = faults.map(({ kind }) => kind);
		expect(new Set(kinds)).toEqual(new Set(Object.keys(faultKinds)));
		const kills = faults.filter(fault => fault.kind === "kill");
		expect(new Set(kills.map(({ node }) => node)).size).toBe(targets.length);
		expect(kills.length / faults.length).toBeCloseTo(0.5, 1);
	});

	it.each([1, 2, 3])("has each kind once at first: seed %d", seed => {
		const kinds = Object.keys(faultKinds);
		const faults = first(kinds.length, seed).map(({ kind }) => kind);
		expect(faults.toSorted()).toEqual(kinds.toSorted());
	});

	it("cuts only connections that the node has", () => {
		for (const fault of first(2000, 2, ["wire", "cut", "silence"]))
			if ("wire" in fault)
				expect(targets.find(({ node }) => node === fault.node)!.wires).toContain(fault.wire);
	});

	it("keeps to the requested kinds, each bounded in time", () => {
		for (const fault of first(500, 3, ["halt", "nats_stall"])) {
			expect(["halt", "nats_stall"]).toContain(fault.kind);
			expect("ms" in fault && fault.ms).toBeLessThanOrEqual(4000);
		}
	});
});
