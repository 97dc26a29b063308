import { ServerClock } from "./server-clock.ts";

const epochMs = Date.parse("2026-03-01T12:00:00Z");
/** As a server writes it whose clock is so many ms after `epochMs`. */
const headerOf = (ms: number) => new Date(epochMs + ms).toUTCString();

/** A server that started with the local monotonic clock at 0, and its response to a request. */
function exchange(clock: ServerClock, sentAtMs: number, { aheadMs = 0, tripMs = 20 } = {}): void {
	const writtenAtMs = sentAtMs + tripMs / 2 + aheadMs;
	clock.observe(headerOf(writtenAtMs), { sentAtMs, receivedAtMs: sentAtMs + tripMs });
}

/** How far the clock is ahead of the server. */
const aheadAt = (clock: ServerClock, at: number) => clock.timeMs(at)! - epochMs - at;

it("shows no time before the first response, nor after one without a date", () => {
	const clock = new ServerClock();
	expect(clock.timeMs()).toBeUndefined();
	for (const header of [undefined, "", "soon"])
		clock.observe(header, { sentAtMs: 0, receivedAtMs: 1 });
	expect(clock.timeMs()).toBeUndefined();
});

it("is right to a second and never ahead after one response", () => {
	for (let sentAtMs = 0; sentAtMs < 3000; sentAtMs += 37) {
		const clock = new ServerClock();
		exchange(clock, sentAtMs);
		const ahead = aheadAt(clock, 1_000_000);
		expect(ahead).toBeLessThanOrEqual(0);
		expect(ahead).toBeGreaterThan(-1030);
	}
});

it("becomes exact with more responses", () => {
	const clock = new ServerClock();
	for (let n = 0; n < 200; n++) exchange(clock, n * 137);
	const ahead = aheadAt(clock, 100_000);
	expect(ahead).toBeLessThanOrEqual(0);
	expect(ahead).toBeGreaterThan(-60);
});

it("learns nothing wrong from a slow response", () => {
	const clock = new ServerClock();
	for (let n = 0; n < 200; n++) exchange(clock, n * 137);
	const before = aheadAt(clock, 0);
	exchange(clock, 50_000, { tripMs: 8000 });
	expect(aheadAt(clock, 0)).toBe(before);
});

it.each([600_000, -600_000])("follows a server whose clock is set by %d ms", aheadMs => {
	const clock = new ServerClock();
	exchange(clock, 0);
	exchange(clock, 5000, { aheadMs });
	expect(Math.abs(aheadAt(clock, 10_000) - aheadMs)).toBeLessThan(1030);
});
