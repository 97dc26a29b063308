import fc from "fast-check";
import {
	add,
	addCapped,
	allocate,
	format,
	roundToStep,
	share,
	sum,
	times,
	timesCapped,
	zero,
	type Money
} from "./money.ts";

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

	it.each([
		[1000, 450, 10, 40],
		[1000, 550, 10, 60],
		[1000, 451, 10, 50],
		[10_000, 725, 100, 700],
		[4, 5000, 1, 2]
	])("of %i at %i basis points in steps of %i is %i", (amount, rate, step, expected) => {
		expect(share(usd(amount), rate, step)).toEqual(usd(expected));
	});

	it("in steps is a multiple, and differs by at most half a step", () => {
		fc.assert(
			fc.property(
				fc.nat(2 ** 40),
				basisPoints,
				fc.constantFrom(1, 10, 100),
				(amount, rate, step) => {
					const rounded = BigInt(share(usd(amount), rate, step).amount);
					expect(rounded % BigInt(step)).toBe(0n);
					const off = BigInt(amount) * BigInt(rate) - rounded * 10_000n;
					expect((off < 0n ? -off : off) <= 5000n * BigInt(step)).toBe(true);
				}
			)
		);
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

	it.each([
		[2 ** 46 + 1, "USD", "703687441776.65 USD"],
		[2 ** 53 - 1, "USD", "90071992547409.91 USD"],
		[2 ** 53 - 1, "KWD", "9007199254740.991 KWD"],
		[7_116_059_515_440_168, "USD", "71160595154401.68 USD"],
		[6_257_793_285_787_774, "CLF", "625779328578.7774 CLF"],
		[100_000, "HUF", "1000.00 HUF"],
		[5000, "IDR", "50.00 IDR"],
		[5000, "COP", "50.00 COP"],
		[5000, "UGX", "5000 UGX"],
		[5000, "ISK", "5000 ISK"],
		[5000, "IQD", "5.000 IQD"],
		[5, "QQQ", "0.05 QQQ"]
	])("shows %i %s as %s", (amount, currency, text) => {
		expect(format({ amount, currency })).toBe(text);
	});
});

describe("rounding to a step", () => {
	it.each([
		[1234, 1, 1234],
		[1234, 10, 1230],
		[1235, 10, 1240],
		[1245, 10, 1240],
		[1246, 10, 1250],
		[1, 10, 10],
		[49, 100, 100],
		[150, 100, 200],
		[250, 100, 200]
	])("of %i in steps of %i is %i", (amount, step, expected) => {
		expect(roundToStep(usd(amount), step)).toEqual(usd(expected));
	});

	it("refuses what is too large then", () => {
		expect(() => roundToStep(usd(most), 100)).toThrow("The amount is too large");
	});
});

describe("a capped sum", () => {
	it("is exact, or 2^53 - 1", () => {
		fc.assert(
			fc.property(fc.maxSafeNat(), fc.maxSafeNat(), (a, b) => {
				const exact = BigInt(a) + BigInt(b);
				expect(BigInt(addCapped(a, b))).toBe(exact > BigInt(most) ? BigInt(most) : exact);
			})
		);
	});

	it("of equal amounts is their multiple", () => {
		fc.assert(
			fc.property(fc.maxSafeNat(), fc.nat(999), (amount, quantity) => {
				const all = Array.from({ length: quantity }, () => amount);
				expect(timesCapped(amount, quantity)).toBe(all.reduce(addCapped, 0));
			})
		);
	});

	it("does not depend on the order", () => {
		fc.assert(
			fc.property(fc.array(fc.maxSafeNat()), amounts => {
				const [forwards, backwards] = [amounts, amounts.toReversed()];
				expect(forwards.reduce(addCapped, 0)).toBe(backwards.reduce(addCapped, 0));
			})
		);
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

	it("in steps gives multiples of the step, without losing one", () => {
		const amounts = fc.nat(2 ** 40).map(n => n * 10);
		fc.assert(
			fc.property(amounts, weights, (amount, given) => {
				const parts = allocate(amount, given, 10);
				expect(parts.filter(part => part % 10 !== 0)).toEqual([]);
				expect(parts.reduce((a, b) => a + b, 0)).toBe(amount);
			})
		);
		expect(allocate(100, [1, 1, 1], 10)).toEqual([40, 30, 30]);
	});

	it("in steps never gives a part more than its weight when both are multiples", () => {
		const tens = weights.map(given => given.map(n => n * 10));
		const cases = tens.chain(given => {
			const most = given.reduce((a, b) => a + b, 0) / 10;
			return fc.tuple(
				fc.constant(given),
				fc.nat(most).map(n => n * 10)
			);
		});
		fc.assert(
			fc.property(cases, ([given, amount]) => {
				allocate(amount, given, 10).forEach((part, i) =>
					expect(part).toBeLessThanOrEqual(given[i]!)
				);
			})
		);
	});

	it("ignores the step for an amount from before that is no multiple", () => {
		expect(allocate(101, [1, 1], 10)).toEqual([51, 50]);
	});

	it("splits evenly if all weights are 0", () => {
		expect(allocate(5, [0, 0])).toEqual([3, 2]);
		expect(allocate(0, [0, 7])).toEqual([0, 0]);
	});
});
