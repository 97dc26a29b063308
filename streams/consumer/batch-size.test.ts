import { BatchSize } from "./batch-size.ts";

const partition = { topic: "t", partition: 0 };
const batch = Array.from({ length: 10 }, (_, n) => n);

it("is all of a batch until one takes too long, then a half, down to one", () => {
	const size = new BatchSize();
	const cuts: number[] = [];
	for (let n = 0; n < 6; n++) {
		const cut = size.cut(partition, batch);
		cuts.push(cut.length);
		size.halve(partition, cut.length);
	}
	expect(cuts).toEqual([10, 5, 3, 2, 1, 1]);
	expect(size.cut({ topic: "t", partition: 1 }, batch)).toEqual(batch);
});

it("grows again with each batch that is in time, and has no limit once a whole one was", () => {
	const size = new BatchSize();
	size.halve(partition, 4);
	const cuts: number[] = [];
	for (let left = batch; left.length > 0;) {
		const cut = size.cut(partition, left);
		cuts.push(cut.length);
		size.grow(partition, cut.length, left.length);
		left = left.slice(cut.length);
	}
	expect(cuts).toEqual([2, 4, 4]);
	expect(size.cut(partition, batch)).toEqual(batch);
});
