import { expectFailure, successesOf } from "../../../tests/support/expect-failure.ts";
import { Bulkhead, BulkheadByKey } from "./bulkhead.ts";

/** Works that end when they are told to. */
function heldWorks() {
	const running: (() => void)[] = [];
	let most = 0;
	const work = async () => {
		await new Promise<void>(resolve => (most = Math.max(most, running.push(resolve))));
		return "done";
	};
	const endAll = async () => {
		while (running.length > 0) {
			running.shift()!();
			await new Promise(resolve => setImmediate(resolve));
		}
	};
	return { work, endAll, most: () => most };
}

describe("a bulkhead", () => {
	it("runs so many works at one time, lets so many wait, and refuses the others", async () => {
		const bulkhead = new Bulkhead({ concurrency: 2, queue: 3, waitWithinMs: 60_000 });
		const { work, endAll, most } = heldWorks();
		const taken = Array.from({ length: 9 }, () => bulkhead.run(work));
		const successes = successesOf(taken, "OVERLOADED");
		await endAll();
		expect(await successes).toHaveLength(5);
		expect(most()).toBe(2);
		expect(bulkhead.isIdle).toBe(true);
	});

	it("refuses a work that waited too long, which then does not begin", async () => {
		const bulkhead = new Bulkhead({ concurrency: 1, queue: 2, waitWithinMs: 1000 });
		const { work, endAll } = heldWorks();
		let now = 0;
		const clock = jest.spyOn(performance, "now").mockImplementation(() => now);
		const first = bulkhead.run(work);
		let began = false;
		const late = expectFailure(
			bulkhead.run(async () => (began = true)),
			"OVERLOADED"
		);
		now = 1001;
		await endAll();
		await late;
		clock.mockRestore();
		expect([await first, began]).toEqual(["done", false]);
	});

	it("passes on the error of a work, and goes on", async () => {
		const bulkhead = new Bulkhead({ concurrency: 1, queue: 1, waitWithinMs: 60_000 });
		await expect(bulkhead.run(() => Promise.reject(new Error("mine")))).rejects.toThrow("mine");
		expect(await bulkhead.run(async () => 1)).toBe(1);
	});
});

describe("a bulkhead by key", () => {
	it("does not let the works of one key wait for those of another", async () => {
		const bulkhead = new BulkheadByKey({ concurrency: 1, queue: 2, waitWithinMs: 60_000 });
		const { work, endAll } = heldWorks();
		const crowd = Array.from({ length: 30 }, () => bulkhead.run("crowd", work));
		const successes = successesOf(crowd, "OVERLOADED");
		expect(await bulkhead.run("other", async () => "at once")).toBe("at once");
		await endAll();
		expect(await successes).toHaveLength(3);
	});

	it("keeps nothing of a key without works", async () => {
		const bulkhead = new BulkheadByKey({ concurrency: 1, queue: 1, waitWithinMs: 60_000 });
		const { work, endAll } = heldWorks();
		const taken = ["a", "a", "a", "b"].map(key => bulkhead.run(key, work));
		const successes = successesOf(taken, "OVERLOADED");
		expect(bulkhead.size).toBe(2);
		await endAll();
		expect(await successes).toHaveLength(3);
		expect(bulkhead.size).toBe(0);
	});
});
