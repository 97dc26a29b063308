import { Periodic } from "./periodic.ts";

const soon = () => new Promise(resolve => setTimeout(resolve, 5));

async function until(holds: () => boolean): Promise<void> {
	while (!holds()) await soon();
}

describe("periodic work", () => {
	it("is done again and again, also after it has failed", async () => {
		let times = 0;
		const errors: string[] = [];
		const periodic = new Periodic(
			1,
			() => (++times % 2 ? Promise.resolve() : Promise.reject(new Error(`time ${times}`))),
			error => errors.push(error.message)
		);
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
		const periodic = new Periodic(0, work, () => undefined);
		periodic.start();
		await until(() => times > 1 && running === 1);
		await periodic.stop();
		const done = times;
		await soon();
		expect([running, most, times]).toEqual([0, 1, done]);
	});

	it("is told that it should end", async () => {
		let asked = false;
		const work = async (isStopping: () => boolean) => {
			while (!isStopping()) await soon();
			asked = true;
		};
		const periodic = new Periodic(0, work, () => undefined);
		periodic.start();
		await soon();
		await soon();
		await periodic.stop();
		expect(asked).toBe(true);
	});
});
