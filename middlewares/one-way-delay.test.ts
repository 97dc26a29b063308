import { OneWayDelay } from "./one-way-delay.ts";

const minute = 60_000;
let delay: OneWayDelay;
/** Of this process's event loop. */
let utilization: number;
beforeEach(() => {
	utilization = 0.2;
	delay = new OneWayDelay(() => ({ idle: 0, active: 0, utilization }));
});

describe("the one-way delay", () => {
	it.each([0, 7000, -7000, 600_000, -600_000, 1e12])(
		"is counted whatever the clocks differ by: %d ms",
		ahead => {
			const send = (at: number, underWayMs: number) =>
				delay.waitedMs("a", at, at + underWayMs + ahead);
			expect(send(0, 3)).toBe(0);
			expect(send(100, 2)).toBe(0);
			expect(send(200, 2)).toBe(0);
			expect(send(300, 4002)).toBe(4000);
			expect(send(400, 12)).toBe(10);
		}
	);

	it("is that of each sender", () => {
		delay.waitedMs("a", 0, 100);
		expect(delay.waitedMs("b", 0, 5000)).toBe(0);
		expect(delay.waitedMs("a", 0, 5000)).toBe(4900);
	});

	it("follows clocks that drift apart, by 0.1 ms a second for a day", () => {
		const waited = Array.from({ length: 1440 }, (_, n) =>
			delay.waitedMs("a", n * minute, n * minute * 1.0001)
		);
		expect(Math.max(...waited)).toBeLessThan(150);
		expect(delay.waitedMs("a", 1440 * minute, 1440 * minute * 1.0001 + 2000)).toBeGreaterThan(1900);
	});

	it("is still known after a stop of 15 minutes", () => {
		delay.waitedMs("a", 0, 1);
		expect(delay.waitedMs("a", minute, 15 * minute)).toBe(14 * minute - 1);
		expect(delay.waitedMs("a", 15 * minute, 15 * minute + 1)).toBe(0);
	});

	it.each([3000, 30_000])(
		"follows a sender that was suspended for %d ms within seconds",
		pausedMs => {
			const waited = Array.from({ length: 60 }, (_, n) => {
				const sentAt = n * 1000;
				return delay.waitedMs("a", sentAt, sentAt + 2 + (n < 30 ? 0 : pausedMs));
			});
			const wrong = waited.filter(ms => ms > 1000);
			expect(wrong.length).toBeGreaterThan(0);
			expect(wrong.length).toBeLessThanOrEqual(12);
			expect(waited.at(-1)).toBe(0);
		}
	);

	it.each([
		["all wait equally long", () => 8000],
		["wait longer and longer", (sentAt: number) => 1000 + sentAt / 10],
		["wait by turns", (sentAt: number) => (sentAt % 1000 === 0 ? 6000 : 9000)]
	])("takes messages that %s for late ones while this process is busy", (_, waitOf) => {
		for (let sentAt = 0; sentAt < 10_000; sentAt += 100) delay.waitedMs("a", sentAt, sentAt + 1);
		utilization = 0.99;
		for (let sentAt = 10_000; sentAt < 70_000; sentAt += 100)
			expect(delay.waitedMs("a", sentAt, sentAt + 1 + waitOf(sentAt))).toBe(waitOf(sentAt));
	});

	it("takes a burst that waited in a socket for what it is", () => {
		for (let n = 0; n < 100; n++) delay.waitedMs("a", n * 10, n * 10 + 2);
		// Sent over 10 s to a process that was stopped, which reads them within 100 ms.
		const waited = Array.from({ length: 100 }, (_, n) =>
			delay.waitedMs("a", 1000 + n * 100, 11_000 + n)
		);
		expect(waited[0]).toBeGreaterThan(9900);
		expect(waited[89]).toBeGreaterThan(1000);
	});

	it("starts over with a sender that was silent for longer than clocks can be compared", () => {
		delay.waitedMs("a", 0, 1);
		expect(delay.waitedMs("a", 1440 * minute, 1440 * minute * 1.0001)).toBe(0);
	});
});
