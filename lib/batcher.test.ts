import { Batcher } from "./batcher.ts";

/** A worker whose batches end when the test resolves them. */
function gated() {
	const batches: { items: number[]; end(): void; break(error: unknown): void }[] = [];
	const run = (items: number[]) =>
		new Promise<number[]>((resolve, reject) => {
			batches.push({ items, end: () => resolve(items.map(i => i * 10)), break: reject });
		});
	return { batches, run };
}

const turn = () => new Promise(resolve => setImmediate(resolve));
const range = (count: number) => Array.from({ length: count }, (_, index) => index);

describe("Batcher", () => {
	it("sends a lone item in the same turn of the event loop, without a timer", async () => {
		jest.useFakeTimers({ doNotFake: ["setImmediate", "nextTick", "queueMicrotask"] });
		try {
			const { batches, run } = gated();
			const batcher = new Batcher({ run });
			const result = batcher.add(7);
			await turn();
			expect(batches.map(({ items }) => items)).toEqual([[7]]);
			expect(jest.getTimerCount()).toBe(0);
			batches[0]!.end();
			await expect(result).resolves.toBe(70);
		} finally {
			jest.useRealTimers();
		}
	});

	it("sends items that arrive together in one batch, and gives each its own result", async () => {
		const seen: number[][] = [];
		const batcher = new Batcher<number, number>({
			run: async items => {
				seen.push(items);
				return items.map(item => item * 10);
			}
		});
		await expect(Promise.all([1, 2, 3].map(i => batcher.add(i)))).resolves.toEqual([10, 20, 30]);
		expect(seen).toEqual([[1, 2, 3]]);
	});

	it("collects items while two batches are in flight, and never starts a third", async () => {
		const { batches, run } = gated();
		const batcher = new Batcher({ run });
		const results: Promise<number>[] = [];
		for (const item of range(4)) {
			results.push(batcher.add(item));
			await turn();
		}
		expect(batches.map(({ items }) => items)).toEqual([[0], [1]]);
		batches[1]!.end();
		await results[1];
		await turn();
		expect(batches.map(({ items }) => items)).toEqual([[0], [1], [2, 3]]);
		batches[0]!.end();
		batches[2]!.end();
		await expect(Promise.all(results)).resolves.toEqual([0, 10, 20, 30]);
	});

	it("puts at most 64 items into a batch", async () => {
		const { batches, run } = gated();
		const batcher = new Batcher({ run });
		const results = range(150).map(i => batcher.add(i));
		await turn();
		expect(batches.map(({ items }) => items.length)).toEqual([64, 64]);
		batches.forEach(batch => batch.end());
		await results[0];
		await turn();
		expect(batches[2]!.items).toEqual(range(150).slice(128));
		batches[2]!.end();
		await Promise.all(results);
	});

	it("limits the weight of a batch, but sends an item alone that exceeds the limit", async () => {
		const { batches, run } = gated();
		const batcher = new Batcher({ run, maxInFlight: 9, maxWeight: 10, weigh: item => item });
		const results = [4, 6, 1, 30, 2].map(item => batcher.add(item));
		await turn();
		expect(batches.map(({ items }) => items)).toEqual([[4, 6], [1], [30], [2]]);
		batches.forEach(batch => batch.end());
		await Promise.all(results);
	});

	it("refuses with OVERLOADED when too many items wait", async () => {
		const { batches, run } = gated();
		const batcher = new Batcher({ run, maxInFlight: 1, maxItems: 1, maxWaiting: 2 });
		const first = batcher.add(1);
		await turn();
		const others = [batcher.add(2), batcher.add(3)];
		await expect(batcher.add(4)).rejects.toMatchObject({ type: "OVERLOADED", code: 503 });
		for (const index of range(3)) {
			await turn();
			batches[index]!.end();
			await turn();
		}
		await expect(Promise.all([first, ...others])).resolves.toEqual([10, 20, 30]);
	});

	describe("when a batch fails", () => {
		const failing = (seen: number[][]) => async (items: number[]) => {
			seen.push(items);
			if (items.includes(2)) throw new Error("two is refused");
			return items.map(item => item * 10);
		};

		it("rejects every item when the outcome is unknown", async () => {
			const seen: number[][] = [];
			const batcher = new Batcher({ run: failing(seen) });
			const results = await Promise.allSettled([1, 2, 3].map(i => batcher.add(i)));
			expect(results.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
			expect(seen).toEqual([[1, 2, 3]]);
		});

		it("retries each item alone, once, when it certainly changed nothing", async () => {
			const seen: number[][] = [];
			const batcher = new Batcher({ run: failing(seen), retryAlone: () => true });
			const results = await Promise.allSettled([1, 2, 3].map(i => batcher.add(i)));
			expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
			expect(seen).toEqual([[1, 2, 3], [1], [2], [3]]);
		});

		it("continues with the next batch", async () => {
			const batcher = new Batcher({ run: failing([]), maxInFlight: 1, maxItems: 1 });
			const bad = batcher.add(2);
			const good = batcher.add(3);
			await expect(bad).rejects.toThrow("two is refused");
			await expect(good).resolves.toBe(30);
		});
	});
});
