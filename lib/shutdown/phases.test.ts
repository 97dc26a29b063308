import { runStopPhases, type StopSteps } from "./phases.ts";

const options = { limitMs: 5000, onError: () => undefined };

/** A service that records its steps once each has ended. */
function recording(name: string, log: string[], steps: StopSteps) {
	const stopping = Object.fromEntries(
		Object.entries(steps).map(([phase, step]) => [
			phase,
			async () => {
				await step();
				log.push(`${name} ${phase}`);
			}
		])
	);
	return { name, schema: { stopping } };
}

const turns = async (count: number) => {
	for (let turn = 0; turn < count; turn++) await Promise.resolve();
};

describe("the phases of a stop", () => {
	it("run in order, each in all services before the next", async () => {
		const log: string[] = [];
		const slow = () => turns(20);
		await runStopPhases(
			[
				recording("a", log, { drain: slow, stopAccepting: slow, answerWaiting: slow }),
				recording("b", log, { drain: () => {}, stopPolling: slow, answerWaiting: () => {} }),
				{ name: "c", schema: {} }
			],
			options
		);
		expect(log).toEqual([
			"a stopAccepting",
			"b answerWaiting",
			"a answerWaiting",
			"b stopPolling",
			"b drain",
			"a drain"
		]);
	});

	it("go on after a step that failed", async () => {
		const log: string[] = [];
		const failed: string[] = [];
		const steps = { stopPolling: () => Promise.reject(new Error("no")), drain: () => {} };
		await runStopPhases([recording("a", log, steps)], {
			...options,
			onError: step => failed.push(step)
		});
		expect([log, failed]).toEqual([["a drain"], ["a.stopPolling"]]);
	});

	it("leave a step behind that does not end", async () => {
		const log: string[] = [];
		const steps = { answerWaiting: () => new Promise<void>(() => {}), drain: () => {} };
		await runStopPhases([recording("a", log, steps)], { ...options, limitMs: 10 });
		expect(log).toEqual(["a drain"]);
	});

	it("call each step as a method of its service", async () => {
		const seen: string[] = [];
		const drain = function (this: { name: string }) {
			seen.push(this.name);
		};
		await runStopPhases([{ name: "a", schema: { stopping: { drain } } }], options);
		expect(seen).toEqual(["a"]);
	});
});
