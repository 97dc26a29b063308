import { pause, poll, reconnectPauseMs, retry, within } from "./retry.ts";

/** Fails so often, then answers. */
function failing(times: number, answer = "done") {
	let calls = 0;
	return Object.assign(
		async () => {
			if (calls++ < times) throw new Error(`failure ${calls}`);
			return answer;
		},
		{ calls: () => calls }
	);
}
const atOnce = () => 0;

describe("retry", () => {
	it("repeats work until it succeeds, and reports each failure before the next attempt", async () => {
		const errors: string[] = [];
		const pauses: number[] = [];
		const work = failing(3);
		const pauseMs = (failures: number) => (pauses.push(failures), 0);
		const onError = ({ message }: Error) => errors.push(message);
		expect(await retry(work, { pauseMs, onError })).toBe("done");
		expect(errors).toEqual(["failure 1", "failure 2", "failure 3"]);
		expect(pauses).toEqual([1, 2, 3]);
	});

	it("throws the last error after so many attempts, or when it is not retryable", async () => {
		const limited = failing(9);
		await expect(retry(limited, { pauseMs: atOnce, attempts: 3 })).rejects.toThrow("failure 3");
		expect(limited.calls()).toBe(3);
		const refused = failing(9);
		const isRetryable = () => false;
		await expect(retry(refused, { pauseMs: atOnce, isRetryable })).rejects.toThrow("failure 1");
	});

	it("makes no attempt that would begin too late", async () => {
		const work = failing(9);
		await expect(retry(work, { pauseMs: () => 50, withinMs: 20 })).rejects.toThrow("failure 1");
	});

	it("begins with the first pause again after progress", async () => {
		const pauses: number[] = [];
		let runs = 0;
		const work = async (onProgress: () => void) => {
			if (++runs === 3) onProgress();
			if (runs < 5) throw new Error("lost");
		};
		await retry(work, { pauseMs: failures => (pauses.push(failures), 0) });
		expect(pauses).toEqual([1, 2, 1, 2]);
	});

	it("ends when its signal is aborted, also during a pause", async () => {
		const stopping = new AbortController();
		const pauseMs = () => 3_600_000;
		const ended = retry(failing(9), { pauseMs, signal: stopping.signal });
		await pause(5);
		stopping.abort();
		expect(await ended).toBeUndefined();
		const work = failing(9);
		expect(await retry(work, { pauseMs, signal: stopping.signal })).toBeUndefined();
		expect(work.calls()).toBe(0);
	});

	it("waits 0.1 s to 5 s for a server", () => {
		expect([1, 2, 6, 7, 99].map(reconnectPauseMs)).toEqual([100, 200, 3200, 5000, 5000]);
	});
});

describe("within", () => {
	it("answers what the work answers in time, and undefined when it takes longer", async () => {
		expect(await within(3_600_000, Promise.resolve(7))).toBe(7);
		expect(await within(1, new Promise(() => undefined))).toBeUndefined();
		await expect(within(50, Promise.reject(new Error("refused")))).rejects.toThrow("refused");
	});
});

describe("poll", () => {
	it("answers what it sees last: when that is done, time is over or it should stop", async () => {
		let seen = 0;
		const look = () => ++seen;
		expect(await poll(look, { everyMs: 0, isDone: found => found === 3 })).toBe(3);
		expect(await poll(() => 0, { everyMs: 1, withinMs: 5 })).toBe(0);
		expect(await poll(() => 0, { everyMs: 1, isStopping: () => true })).toBe(0);
	});
});
