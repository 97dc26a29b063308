import { StallDetector, type PartitionPosition } from "./stall-detector.ts";

const silentMs = 60_000;
let dog: StallDetector;
let nowMs: number;

beforeEach(() => {
	dog = new StallDetector(silentMs);
	nowMs = 5;
});

const place = (next: number, end: number, partition = 0): PartitionPosition => ({
	topic: "orders",
	partition,
	next: BigInt(next),
	end: BigInt(end)
});
/** Checks a quarter of a minute later. */
const look = (...places: PartitionPosition[]) => dog.check(places, (nowMs += 15_000));

it("reports a partition without progress for a minute though messages wait", () => {
	for (let n = 0; n < 4; n++) expect(look(place(3, 5))).toEqual([]);
	expect(look(place(3, 5))).toEqual([place(3, 5)]);
	expect(look(place(3, 9))).toEqual([place(3, 9)]);
});

it("reports nothing with progress, or when no messages wait", () => {
	for (let n = 0; n < 20; n++) expect(look(place(n, 100), place(7, 7, 1))).toEqual([]);
});

it("reports a stalled partition beside one with progress", () => {
	for (let n = 0; n < 4; n++) look(place(n, 100), place(3, 5, 1));
	expect(look(place(4, 100), place(3, 5, 1))).toEqual([place(3, 5, 1)]);
});

it("restarts the time of a partition that was assigned again, had caught up or went back for a replay", () => {
	for (let n = 0; n < 4; n++) look(place(3, 5));
	look(place(5, 5));
	for (let n = 0; n < 4; n++) expect(look(place(5, 6))).toEqual([]);
	expect(look(place(2, 6))).toEqual([]);
	look();
	expect(look(place(2, 6))).toEqual([]);
});

it("restarts the time of an excused partition, and gives more of it to a member without partitions", () => {
	for (let n = 0; n < 4; n++) look(place(3, 5), place(3, 5, 1));
	dog.excuse(place(3, 5));
	expect(look(place(3, 5), place(3, 5, 1))).toEqual([place(3, 5, 1)]);
	const lookAgain = () => dog.check([place(3, 5, 1)], (nowMs += 15_000), 3);
	for (let n = 0; n < 7; n++) expect(lookAgain()).toEqual([]);
	expect(lookAgain()).toEqual([place(3, 5, 1)]);
});

it("ignores times in which it could not check", () => {
	for (let n = 0; n < 3; n++) look(place(3, 5));
	dog.reset();
	nowMs += 600_000;
	for (let n = 0; n < 4; n++) expect(look(place(3, 5))).toEqual([]);
	expect(look(place(3, 5))).toHaveLength(1);
});
