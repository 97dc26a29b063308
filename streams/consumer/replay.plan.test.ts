import { maxClockSkewMs } from "../clock-skew.ts";
import { planReplay, extendBack } from "./replay.plan.ts";

/** When the log took each message, by partition, with the first of them removed. */
function logOf(times: readonly (readonly number[])[], dropped = 0) {
	return {
		extents: async () =>
			times.map((own, partition) => ({
				partition,
				first: BigInt(Math.min(dropped, own.length)),
				next: BigInt(own.length)
			})),
		offsetsAt: async (_: string, at: Date) =>
			new Map(
				times.map((own, partition) => {
					const found = own.findIndex((time, n) => n >= dropped && time >= at.getTime());
					return [partition, BigInt(found < 0 ? own.length : found)];
				})
			)
	};
}

const skew = maxClockSkewMs;
const start = Date.UTC(2026, 2, 1, 12);
/** A message for each length of the skew in each of two partitions. */
const everySkew = Array.from({ length: 10 }, (_, n) => start + n * skew);
const log = logOf([everySkew, everySkew]);
/** Long ago, so that no plan depends on it. */
const reached = (next: bigint, movedAtMs = 0, start = 0n) => ({ next, movedAtMs, start });
const all = new Map([
	[0, reached(10n)],
	[1, reached(10n)]
]);

const spansOf = ({ spans }: Awaited<ReturnType<typeof planReplay>>) =>
	spans.map(({ from, until }) => [Number(from), Number(until)]);

describe("the plan of a replay", () => {
	it("begins earlier than a time, because clocks differ, and takes whole minutes", async () => {
		const at = new Date(start + 5 * skew + 30_000);
		const plan = await planReplay(log, "t", { at }, all);
		expect(spansOf(plan)).toEqual([
			[4, 10],
			[4, 10]
		]);
		expect(plan.floorMs).toBe(start + 5 * skew);
	});

	it("ends at the consumer's position, and contains no partition that it never read", async () => {
		const plan = await planReplay(log, "t", "oldest", new Map([[0, reached(7n)]]));
		expect(spansOf(plan)).toEqual([
			[0, 7],
			[0, 0]
		]);
		expect(plan.floorMs).toBe(0);
	});

	it("begins at an offset of all partitions, and computes since when nothing is missing", async () => {
		const plan = await planReplay(log, "t", { offset: 3n }, all);
		expect(spansOf(plan)).toEqual([
			[3, 10],
			[3, 10]
		]);
		// The one before it was taken at 3 at the latest, and may be of an event of 4; floors are whole minutes.
		expect(plan.floorMs).toBe(start + 4 * skew + 60_000);
	});

	const handled = new Map([
		[0, reached(10n, start + 20 * skew)],
		[1, reached(10n, start + 30 * skew)]
	]);

	it("from an offset in the future is empty, and resets nothing", async () => {
		const plan = await planReplay(log, "t", { offset: 99n }, handled);
		expect(spansOf(plan)).toEqual([
			[10, 10],
			[10, 10]
		]);
		expect(plan.floorMs).toBe(start + 31 * skew);
	});

	it("resets nothing of a partition that it does not read again", async () => {
		const short = logOf([everySkew, everySkew.slice(0, 2)]);
		const both = new Map([...handled, [1, reached(2n, start + 6 * skew)] as const]);
		const plan = await planReplay(short, "t", { offset: 3n }, both);
		expect(spansOf(plan)).toEqual([
			[3, 10],
			[2, 2]
		]);
		expect(plan.floorMs).toBe(start + 7 * skew);
	});

	it("resets no minute of a partition whose messages have all expired", async () => {
		const gone = {
			...log,
			extents: async () => [
				{ partition: 0, first: 0n, next: 10n },
				{ partition: 1, first: 10n, next: 10n }
			]
		};
		const at = (n: number) => ({ at: new Date(start + n * skew) });
		const oldest = await planReplay(gone, "t", "oldest", handled);
		expect(oldest.floorMs).toBe(start + 31 * skew);
		expect((await planReplay(gone, "t", at(5), handled)).isShort).toBe(true);
		expect((await planReplay(gone, "t", at(31), handled)).isShort).toBe(false);
	});

	it("resets nothing when the log was lost and nothing is in the new one", async () => {
		const empty = { ...log, extents: async () => [{ partition: 0, first: 0n, next: 0n }] };
		const plan = await planReplay(empty, "t", "oldest", handled);
		expect(plan.floorMs).toBe(start + 21 * skew);
	});

	it("says that requested messages have expired", async () => {
		const short = logOf([everySkew, everySkew], 4);
		const at = (n: number) => ({ at: new Date(start + n * skew) });
		expect((await planReplay(short, "t", at(2), all)).isShort).toBe(true);
		expect((await planReplay(short, "t", at(6), all)).isShort).toBe(false);
		const oldest = await planReplay(short, "t", "oldest", all);
		expect(spansOf(oldest)).toEqual([
			[4, 10],
			[4, 10]
		]);
		expect(oldest.floorMs).toBe(start + 5 * skew + 60_000);
	});

	it("begins earlier for messages that were in the log before their event time, and says if they have expired", async () => {
		const at = new Date(start + 6 * skew);
		const whole = await planReplay(log, "t", { at }, all);
		const plan = extendBack(whole, new Map([[1, 2n]]));
		expect([spansOf(plan), plan.isShort]).toEqual([
			[
				[5, 10],
				[2, 10]
			],
			false
		]);
		expect(extendBack(whole, new Map([[0, 9n]]))).toEqual(whole);
		const rest = await planReplay(logOf([everySkew, everySkew], 4), "t", { at }, all);
		expect(extendBack(rest, new Map([[1, 2n]])).isShort).toBe(true);
		expect(spansOf(extendBack(rest, new Map([[1, 2n]])))[1]).toEqual([4, 10]);
	});

	describe("of a log that the shop moved to when it had messages of an earlier use", () => {
		const moved = new Map([
			[0, reached(10n, 0, 4n)],
			[1, reached(10n, 0, 10n)]
		]);

		it.each<[string, Parameters<typeof planReplay>[2]]>([
			["the oldest message", "oldest"],
			["a time before the move", { at: new Date(start) }]
		])("from %s begins at the move, and is complete there", async (_, from) => {
			const plan = await planReplay(log, "t", from, moved);
			expect([spansOf(plan), plan.isShort]).toEqual([
				[
					[4, 10],
					[10, 10]
				],
				false
			]);
			expect(plan.floorMs).toBe(from === "oldest" ? 0 : start);
		});

		it("says that messages since the move have expired", async () => {
			const short = logOf([everySkew, everySkew], 5);
			const at = new Date(start);
			expect((await planReplay(short, "t", { at }, moved)).isShort).toBe(true);
		});

		it("begins with its first message when it was lost since", async () => {
			const lost = new Map([[0, reached(500n, 0, 4n)]]);
			expect(spansOf(await planReplay(log, "t", "oldest", lost))[0]).toEqual([0, 10]);
		});
	});

	it("recognises a log that was lost and started again", async () => {
		const { spans } = await planReplay(log, "t", "oldest", new Map([[0, reached(500n)]]));
		expect(spans[0]).toEqual({ partition: 0, from: 0n, until: 10n, first: 0n, lost: true });
		expect(spans[1]!.lost).toBe(false);
	});
});
