import { FaultInjector, type CallKind, type FaultConfig } from "./faults.ts";

const kinds = {
	decline: true,
	hang_ms: 500,
	drop_before: true,
	drop_after_commit: true,
	error_after_commit: true,
	rate_limit: true,
	unavailable: true
};

function drawn(dial: FaultConfig, kind: CallKind = "charge", count = 2000) {
	const faults = new FaultInjector();
	faults.set(dial);
	return Array.from({ length: count }, () => JSON.stringify(faults.draw(kind)));
}

const share = (draws: string[]) => draws.filter(draw => draw !== "{}").length / draws.length;

describe("the fault settings", () => {
	it("cause no faults by default", () => {
		expect(new Set(drawn({}))).toEqual(new Set(["{}"]));
		expect(new Set(drawn({ rate: 1 }))).toEqual(new Set(["{}"]));
		expect(new Set(drawn({ kinds }))).toEqual(new Set(["{}"]));
	});

	it("cause the configured share of faults, of every kind", () => {
		const draws = drawn({ rate: 0.2, seed: 3, kinds });
		expect(share(draws)).toBeGreaterThan(0.17);
		expect(share(draws)).toBeLessThan(0.23);
		expect(new Set(draws).size).toBe(1 + Object.keys(kinds).length);
		expect(share(drawn({ rate: 1, kinds }))).toBe(1);
	});

	it("repeat only with a seed", () => {
		expect(drawn({ rate: 0.5, seed: 9, kinds })).toEqual(drawn({ rate: 0.5, seed: 9, kinds }));
		expect(drawn({ rate: 0.5, seed: 9, kinds })).not.toEqual(drawn({ rate: 0.5, seed: 10, kinds }));
	});

	it("decline only charges, and never commit in a lookup", () => {
		const all = { rate: 1, kinds };
		expect(drawn(all, "charge")).toContain('{"decline":true}');
		for (const kind of ["refund", "cancel", "read"] as const)
			expect(drawn(all, kind)).not.toContain('{"decline":true}');
		expect(drawn(all, "read").join()).not.toContain("after");
	});

	it("count the drawn faults", () => {
		const faults = new FaultInjector();
		faults.set({ rate: 1, kinds: { rate_limit: true } });
		for (let n = 0; n < 5; n++) faults.draw("charge");
		expect(faults.counts).toEqual({ rate_limit: 5 });
	});
});
