import { Periodic } from "./periodic.ts";

const soon = () => new Promise(resolve => setTimeout(resolve, 5));
const hourMs = 3_600_000;
const onError = () => undefined;

async function until(holds: () => boolean): Promise<void> {
	while (!holds()) await soon();
}

describe("periodic work", () => {
	it("is repeated, also after it has failed", async () => {
		let times = 0;
		const errors: string[] = [];
		const periodic = new Periodic({
			everyMs: 1,
			work: () => (++times % 2 ? Promise.resolve() : Promise.reject(new Error(`time ${times}`))),
			onError: error => errors.push(error.message)
		});
		periodic.start();
		await until(() => times > 4);
		await periodic.stop();
		expect(errors.slice(0, 2)).toEqual(["time 2", "time 4"]);
	});

	it("never runs beside itself, and not after it was stopped", async () => {
		let [running, most, times] = [0, 0, 0];
		const work = async () => {
			most = Math.max(most, ++running);
			await soon();
			[running, times] = [running - 1, times + 1];
		};
		const periodic = new Periodic({ everyMs: 0, work, onError });
		periodic.start();
		await until(() => {
			periodic.nudge();
			return times > 1 && running === 1;
		});
		await periodic.stop();
		const done = times;
		periodic.nudge();
		await soon();
		expect([running, most, times]).toEqual([0, 1, done]);
	});

	it("runs again at once while there is more to do, and ends between two runs", async () => {
		let left = 5;
		const periodic = new Periodic({
			everyMs: hourMs,
			firstAfterMs: 0,
			work: async () => {
				if (--left === 2) void periodic.stop();
				return left > 0;
			},
			onError
		});
		periodic.start();
		await until(() => left === 2);
		await soon();
		expect(left).toBe(2);
	});

	it("runs at once when it is nudged, also during a run, and waits after a failure", async () => {
		let times = 0;
		const periodic = new Periodic({
			everyMs: hourMs,
			work: async () => {
				if (++times === 1) periodic.nudge();
				if (times === 2) throw new Error("the second run");
			},
			onError
		});
		periodic.start();
		await soon();
		expect(times).toBe(0);
		periodic.nudge();
		await until(() => times === 2);
		await soon();
		expect(times).toBe(2);
		await periodic.stop();
	});
});
