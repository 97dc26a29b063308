import fc from "fast-check";
import {
	areLinesOf,
	remainingPerLine,
	allocateToLines,
	sum,
	capToRemaining
} from "./payment.allocation.ts";

const share = (product_id: string, amount: number) => ({ product_id, amount });
const lines = fc
	.array(fc.nat(100_000), { minLength: 1, maxLength: 20 })
	.map(amounts => amounts.map((amount, index) => share(`p${index}`, amount)));

describe("allocating refunds to the lines", () => {
	it("never refunds a line beyond its share, in any split", () => {
		fc.assert(
			fc.property(lines, fc.array(fc.integer({ min: 1, max: 50_000 })), (all, wanted) => {
				const paidBack = wanted.reduce<typeof all>((before, amount) => {
					const left = remainingPerLine(all, before);
					if (amount > sum(left)) return before;
					const parts = allocateToLines(amount, left);
					expect(sum(parts)).toBe(amount);
					expect(capToRemaining(parts, left)).toEqual(parts);
					return [...before, ...parts];
				}, []);
				const left = remainingPerLine(all, paidBack);
				for (const { amount } of left) expect(amount).toBeGreaterThanOrEqual(0);
				const rest = allocateToLines(sum(left), left);
				for (const { amount } of remainingPerLine(left, rest)) expect(amount).toBe(0);
			})
		);
	});

	it("allocates in steps, and exactly to lines from before that are no multiples", () => {
		const amounts = (all: typeof left) => all.map(({ amount }) => amount);
		const left = [share("a", 340), share("b", 330), share("c", 330)];
		expect(amounts(allocateToLines(100, left, 10))).toEqual([40, 30, 30]);
		expect(amounts(allocateToLines(1000, left, 10))).toEqual([340, 330, 330]);
		const odd = [share("a", 333), share("b", 667)];
		expect(amounts(allocateToLines(1000, odd, 10))).toEqual([333, 667]);
	});

	it("omits lines that get nothing, and returns nothing without lines", () => {
		expect(allocateToLines(2, [share("a", 0), share("b", 5)])).toEqual([share("b", 2)]);
		expect(allocateToLines(2, [])).toEqual([]);
	});
});

describe("requested parts", () => {
	const left = [share("a", 5), share("b", 0)];

	it.each([
		[[share("a", 4)], [share("a", 4)]],
		[[share("a", 6)], [share("a", 5)]],
		[[share("b", 1)], []],
		[[share("c", 1)], []]
	])("%j are capped to what is left: %j", (parts, expected) =>
		expect(capToRemaining(parts, left)).toEqual(expected)
	);

	it.each([
		[[share("a", 5), share("b", 2)], true],
		[[share("a", 5)], false],
		[[share("a", 5), share("a", 2)], false]
	])("%j are the lines of 7: %s", (parts, expected) => expect(areLinesOf(7, parts)).toBe(expected));
});
