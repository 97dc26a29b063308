import type { ServiceBroker } from "moleculer";
import { startBus, stopBus } from "../../tests/support/servers/start-bus.ts";
import { serviceNames } from "../../config/index.ts";
import { PartChecks, statusOf } from "./gateway.health.ts";

const names: string[] = [...serviceNames];

describe("the checks of the shop's services", () => {
	let brokers: ServiceBroker[] = [];
	let asked: string[];
	const part = (name: string, isUp = true) => ({
		name,
		actions: {
			ready: {
				access: "anyone",
				handler() {
					asked.push(name);
					if (!isUp) throw new Error("no database");
					return { ok: true };
				}
			}
		}
	});
	beforeEach(() => {
		asked = [];
	});
	afterEach(() => stopBus(brokers));

	it("are made once for all who look within a second", async () => {
		brokers = await startBus([[], names.map(name => part(name))]);
		const checks = new PartChecks(brokers[0]!);
		const all = await Promise.all(Array.from({ length: 50 }, () => checks.read()));
		expect(all.map(statusOf)).toEqual(Array(50).fill("ok"));
		await checks.read();
		expect(asked.toSorted()).toEqual(names.toSorted());
	});

	it("are made again after a second", async () => {
		brokers = await startBus([names.map(name => part(name))]);
		const checks = new PartChecks(brokers[0]!);
		// Whole, so that the sums below are exact.
		let now = Math.round(performance.now());
		const clock = jest.spyOn(performance, "now").mockImplementation(() => now);
		try {
			await checks.read();
			now += 999;
			await checks.read();
			expect(asked).toHaveLength(names.length);
			now += 1;
			await checks.read();
			expect(asked).toHaveLength(2 * names.length);
		} finally {
			clock.mockRestore();
		}
	});

	it("leave the waiting messages out while they are not known, and ask once a second", async () => {
		brokers = await startBus([[], [part("notification")]]);
		expect(await new PartChecks(brokers[0]!).waiting()).toBeUndefined();
		await stopBus(brokers);
		let asked = 0;
		const failing = { access: "internal", handler: () => Promise.reject(new Error("no database")) };
		brokers = await startBus([[], [{ name: "notification", actions: { waiting: failing } }]]);
		expect(await new PartChecks(brokers[0]!).waiting()).toBeUndefined();
		await stopBus(brokers);
		const data = [{ channel: "email", count: 3, oldest_s: 1.5 }];
		const waiting = { access: "internal", handler: () => (asked++, { data }) };
		brokers = await startBus([[], [{ name: "notification", actions: { waiting } }]]);
		const checks = new PartChecks(brokers[0]!);
		expect(await Promise.all([checks.waiting(), checks.waiting()])).toEqual([data, data]);
		expect(asked).toBe(1);
	});

	it("name what is down, without a call of what no node has", async () => {
		brokers = await startBus([[], [part("user"), part("order", false)]]);
		const warnings: unknown[] = [];
		brokers[0]!.logger.warn = (...words: unknown[]) => void warnings.push(words);
		const found = await new PartChecks(brokers[0]!).read();
		expect(found).toEqual({
			...Object.fromEntries(names.map(name => [name, "down"])),
			user: "up"
		});
		expect([statusOf(found), warnings]).toEqual(["degraded", []]);
	});
});
