import type { ChaosReport } from "./run/full-run.ts";
import { markdown, score } from "./report.ts";

const order_id = "0193a1c2-7b1e-7f00-8000-000000000001";
const finding = { promise: "P3", title: "Charged once", examined: "3 charges", violations: [] };

const proof: ChaosReport = {
	seed: 7,
	orders: 3,
	requests: 20,
	samples: 5,
	stormMs: 1000,
	quiesceMs: 500,
	states: { confirmed: 3 },
	faults: { kill: 2 },
	providerFaults: { late: 1 },
	matrix: { rows: 0, missed: [], injected: {}, tookMs: 0 },
	recoveries: [{ node: "order-1", serviceMs: 300, ordersMs: 900, order_id }],
	findings: [finding, { ...finding, promise: "P4", title: "In the log" }],
	timelines: [],
	slowest: null
};
const runInfo = {
	tier: "changed",
	args: ["--tier ci", "--orders 3"],
	commit: "abc",
	tookMs: 2000,
	at: new Date("2026-03-01T12:00:00Z")
};

describe("the report of a run with a broken promise", () => {
	const what = "was charged 2 times";
	const broken: ChaosReport = {
		...proof,
		findings: [{ ...finding, violations: [{ what, order_id }] }, proof.findings[1]!],
		timelines: [{ order_id, shop: { history: [{ version: 1 }] }, provider: [], client: [] }]
	};

	it("counts as failed", () => {
		expect(score(broken)).toEqual({ passed: 1, failed: 1 });
		expect(score(proof)).toEqual({ passed: 2, failed: 0 });
	});

	it("names the promise and the order, and prints that order's timeline", () => {
		const text = markdown(broken, undefined, runInfo);
		expect(text).toContain("| ✘ | P3 | Charged once | 3 charges | 1 |");
		expect(text).toContain("| ✔ | P4 | In the log | 3 charges | 0 |");
		expect(text).toContain(`- P3: ${order_id} ${what}`);
		expect(text).toContain(`### Order ${order_id}`);
		expect(text).toContain('"version": 1');
		expect(markdown(proof, undefined, runInfo)).not.toContain("## Violations");
	});

	it("says how to repeat the run", () => {
		expect(markdown(proof, undefined, runInfo)).toContain(
			"`npm run chaos -- --tier ci --orders 3 --seed 7`"
		);
	});
});
