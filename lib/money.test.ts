import fc from "fast-check";
import { add, allocate, format, share, sum, times, zero, type Money } from "./money.ts";

const most = Number.MAX_SAFE_INTEGER;
const usd = (amount: number): Money => ({ amount, currency: "USD" });
const modest = fc.integer({ min: 0, max: 2 ** 50 }).map(usd);
const any = fc.maxSafeNat().map(usd);
const basisPoints = fc.oneof(fc.nat(10_000), fc.constant(5000));

describe("add", () => {
	it("is commutative and associative", () => {
		fc.assert(
			fc.property(modest, modest, modest, (a, b, c) => {
				expect(add(a, b)).toEqual(add(b, a));
				expect(add(add(a, b), c)).toEqual(add(a, add(b, c)));
			})
		);
	});

	it("returns an amount unchanged that nothing is added to", () => {
		fc.assert(fc.property(any, a => expect(add(a, zero("USD"))).toEqual(a)));
	});

	it("refuses two currencies", () => {
		expect(() => add(usd(1), { amount: 1, currency: "EUR" })).toThrow(
			"All items of an order must be priced in one currency"
		);
	});

	it("is exact or refused, at any size", () => {
		fc.assert(
			fc.property(any, any, (a, b) => {
				const exact = BigInt(a.amount) + BigInt(b.amount);
				if (exact > BigInt(most)) expect(() => add(a, b)).toThrow("The amount is too large");
				else expect(BigInt(add(a, b).amount)).toBe(exact);
			})
		);
	});
});

describe("sum", () => {
	it("equals adding one by one, in any order", () => {
		fc.assert(
			fc.property(fc.array(fc.nat(2 ** 30).map(usd), { maxLength: 50 }), terms => {
				const expected = terms.reduce((total, { amount }) => total + amount, 0);
				expect(sum(terms, "USD")).toEqual(usd(expected));
				expect(sum([...terms].reverse(), "USD")).toEqual(usd(expected));
			})
		);
	});

	it("is zero of its currency for no terms", () => {
		expect(sum([], "JPY")).toEqual({ amount: 0, currency: "JPY" });
	});
});

describe("times", () => {
	it("is repeated addition", () => {
		fc.assert(
			fc.property(fc.nat(2 ** 40).map(usd), fc.integer({ min: 0, max: 99 }), (money, n) =>
				expect(times(money, n)).toEqual(
					sum(
						Array.from({ length: n }, () => money),
						"USD"
					)
				)
			)
		);
	});

	it("refuses amounts that a double cannot hold exactly", () => {
		expect(times(usd(most), 1)).toEqual(usd(most));
		expect(() => times(usd(2 ** 52), 2)).toThrow("The amount is too large");
		expect(() => times(usd(most), 999)).toThrow("The amount is too large");
		expect(() => times(usd(1), 0.5)).toThrow("The amount is too large");
	});
});

describe("share", () => {
	it("is never negative, nor more than the whole", () => {
		fc.assert(
			fc.property(any, basisPoints, (money, rate) => {
				const { amount } = share(money, rate);
				expect(amount).toBeGreaterThanOrEqual(0);
				expect(amount).toBeLessThanOrEqual(money.amount);
			})
		);
		fc.assert(fc.property(any, money => expect(share(money, 10_000)).toEqual(money)));
		fc.assert(fc.property(any, money => expect(share(money, 0)).toEqual(usd(0))));
	});

	it("differs by at most half a unit, and by exactly half only towards the even", () => {
		fc.assert(
			fc.property(any, basisPoints, (money, rate) => {
				const rounded = BigInt(share(money, rate).amount);
				const off = BigInt(money.amount) * BigInt(rate) - rounded * 10_000n;
				expect(off >= -5000n && off <= 5000n).toBe(true);
				if (off === 5000n || off === -5000n) expect(rounded % 2n).toBe(0n);
			})
		);
	});

	it.each([
		[50, 100, 0],
		[150, 100, 2],
		[250, 100, 2],
		[350, 100, 4],
		[51, 100, 1],
		[49, 100, 0],
		[1999, 825, 165]
	])("of %i at %i basis points is %i", (amount, rate, expected) => {
		expect(share(usd(amount), rate)).toEqual(usd(expected));
	});

	it("is monotonic in the amount", () => {
		fc.assert(
			fc.property(modest, fc.nat(10_000), basisPoints, (money, more, rate) =>
				expect(share(usd(money.amount + more), rate).amount).toBeGreaterThanOrEqual(
					share(money, rate).amount
				)
			)
		);
	});
});

describe("format", () => {
	it("has the currency's number of decimals", () => {
		expect(format(usd(1234))).toBe("12.34 USD");
		expect(format({ amount: 1234, currency: "JPY" })).toBe("1234 JPY");
		expect(format({ amount: 1234, currency: "KWD" })).toBe("1.234 KWD");
	});
});

describe("allocate", () => {
	const weights = fc.array(fc.nat(2 ** 40), { minLength: 1, maxLength: 100 });

	it("distributes the whole amount, each share rounded up or down", () => {
		fc.assert(
			fc.property(fc.maxSafeNat(), weights, (amount, given) => {
				const parts = allocate(amount, given);
				expect(parts.reduce((a, b) => a + BigInt(b), 0n)).toBe(BigInt(amount));
				const whole = given.reduce((a, b) => a + BigInt(b), 0n);
				if (whole === 0n) return;
				parts.forEach((part, index) => {
					const down = (BigInt(amount) * BigInt(given[index]!)) / whole;
					expect([down, down + 1n]).toContain(BigInt(part));
				});
			})
		);
	});

	it("never gives a part more than its weight when the amount is at most their sum", () => {
		const cases = weights.chain(given =>
			fc.tuple(fc.constant(given), fc.nat(given.reduce((a, b) => a + b, 0)))
		);
		fc.assert(
			fc.property(cases, ([given, amount]) => {
				allocate(amount, given).forEach((part, i) => expect(part).toBeLessThanOrEqual(given[i]!));
			})
		);
	});

	it("gives the rest to the largest remainders, the first of equals", () => {
		expect(allocate(100, [1, 1, 1])).toEqual([34, 33, 33]);
		expect(allocate(10, [1, 8, 1])).toEqual([1, 8, 1]);
		expect(allocate(2, [3, 6, 1])).toEqual([1, 1, 0]);
		expect(allocate(5, [1, 1, 2])).toEqual([1, 1, 3]);
	});

	it("splits evenly if all weights are 0", () => {
		expect(allocate(5, [0, 0])).toEqual([3, 2]);
		expect(allocate(0, [0, 7])).toEqual([0, 0]);
	});
});
