import { readdirSync, rmSync } from "node:fs";
import { checkers } from "../../../chaos/run/chaos-run.ts";
import { mayLeaveOut } from "../../../cli/test/requirements.ts";
import { processesOf, run } from "../../support/servers/processes.ts";
import { temporaryFolder } from "../../support/servers/temporary-folder.ts";

const TMPDIR = temporaryFolder();

afterAll(() => rmSync(TMPDIR, { recursive: true, force: true }));

/** Runs the harness over a small storm; the shop's promises are tested by `npm run chaos`. */
describe("npm run chaos", () => {
	const smallStorm = async () => {
		const { code, output } = await run(
			"chaos.ts",
			"--orders 24 --kills 1 --matrix 0 --events 0 --seed 11".split(" "),
			{ TMPDIR }
		);
		// The last checks are of the nodes afterwards, and of the kinds of faults and the size of the storm.
		const passed = checkers.length + 3;
		expect(output).toMatch(/\| ✔ \| P3 \|.*[1-9]\d* charges/);
		expect(output.trimEnd().split("\n").slice(-2)).toEqual([
			"seed 11",
			`${passed} passed, 0 failed`
		]);
		expect(output).toContain("# Chaos run: changed");
		expect(output).toMatch(/\| ✔ \| P4 \|.*[1-9]\d* events/);
		expect(code).toBe(0);
		expect(readdirSync(TMPDIR)).toEqual([]);
		expect(processesOf(TMPDIR)).toEqual([]);
	};
	const title = "checks every promise after a small storm, prints the result and leaves no process";
	// It takes two minutes of processor time, and in CI the whole run follows, which must leave nothing either.
	if (mayLeaveOut()) it(title, smallStorm, 240_000);

	it("refuses an unknown tier and an unknown fault", async () => {
		for (const args of [
			["--tier", "weekly"],
			["--faults", "earthquake"],
			["--seed", "x"]
		]) {
			const { code, output } = await run("chaos.ts", args, { TMPDIR });
			expect(code).toBe(64);
			expect(output).toContain("Usage: npm run chaos");
		}
	}, 60_000);
});
