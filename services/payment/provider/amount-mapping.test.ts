import { decimalsOf, isCurrency } from "../../../lib/currency/iso4217.ts";
import { payable, payableCurrencies } from "../../../lib/currency/payable.ts";
import {
	formatAmount,
	refusedCharge,
	refusedRefund
} from "../../../psp/stripe-api/amounts/currency-rules.ts";
import { fromStripe, toStripe } from "./amount-mapping.ts";

const all = [...payableCurrencies].map(currency => ({ currency, ...payable(currency)! }));

/** What the provider says to a charge of the shop's amount. */
function isTaken(amount: number, currency: string): boolean {
	const units = toStripe({ amount, currency });
	return units !== undefined && refusedCharge(units, currency) === undefined;
}

it.each([
	[500, "ISK", 50_000],
	[1, "UGX", 100],
	[100, "MGA", 1],
	[123_400, "MGA", 1234],
	[17_500, "HUF", 17_500],
	[1000, "TWD", 1000],
	[50, "JPY", 50],
	[1230, "KWD", 1230],
	[5000, "IDR", 5000],
	[999, "USD", 999]
])("%i %s are %i at Stripe, and back", (amount, currency, units) => {
	expect(toStripe({ amount, currency })).toBe(units);
	expect(fromStripe(units, currency.toLowerCase())).toEqual({ amount, currency });
});

it.each([
	[150, "MGA"],
	[1, "MGA"],
	[Number.MAX_SAFE_INTEGER, "ISK"]
])("%i %s cannot be expressed there", (amount, currency) => {
	expect(toStripe({ amount, currency })).toBeUndefined();
});

it("keeps a fraction that Stripe should not have, so that it is noticed", () => {
	expect(fromStripe(150, "isk")).toEqual({ amount: 1.5, currency: "ISK" });
});

describe("what the shop calls payable", () => {
	it("is of the standard", () => {
		expect([...payableCurrencies].filter(code => !isCurrency(code))).toEqual([]);
		expect(payableCurrencies.size).toBeGreaterThan(135);
	});

	it("is what the provider takes, from the least to the most, in every currency", () => {
		for (const { currency, step, minimum, maximum } of all) {
			const taken = [minimum, minimum + step, minimum + 7 * step, maximum - step, maximum];
			const untaken = [minimum - step, maximum + step, ...(step > 1 ? [minimum + 1] : [])];
			expect([currency, ...taken.map(amount => isTaken(amount, currency))]).toEqual([
				currency,
				...taken.map(() => true)
			]);
			expect([
				currency,
				...untaken.filter(amount => amount > 0).map(amount => isTaken(amount, currency))
			]).toEqual([currency, ...untaken.filter(amount => amount > 0).map(() => false)]);
		}
	});

	it("is the same amount after the way to the provider and back", () => {
		for (const { currency, minimum, maximum } of all)
			for (const amount of [minimum, maximum])
				expect(fromStripe(toStripe({ amount, currency })!, currency)).toEqual({ amount, currency });
	});

	it("is the same number in whole units there, with the decimals that Stripe documents", () => {
		const zero = "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF".split(" ");
		const three = "BHD JOD KWD OMR TND".split(" ");
		for (const { currency } of all) {
			const decimals = zero.includes(currency) ? 0 : three.includes(currency) ? 3 : 2;
			const whole = { amount: 10 ** decimalsOf(currency), currency };
			expect([currency, toStripe(whole)]).toEqual([currency, 10 ** decimals]);
		}
	});
});

describe("the provider", () => {
	it.each([
		[50_000, "ISK", "500.00 ISK"],
		[1234, "MGA", "1234 MGA"],
		[1234, "JPY", "1234 JPY"],
		[1230, "KWD", "1.230 KWD"],
		[123_456, "HUF", "1234.56 HUF"]
	])("shows %i of its units of %s as %s", (units, currency, text) => {
		expect(formatAmount(units, currency)).toBe(text);
	});

	it.each([
		[1235, "KWD", "amount"],
		[150, "ISK", "amount"],
		[1050, "UGX", "amount"],
		[17_499, "HUF", "amount"],
		[49, "USD", "amount"],
		[29, "GBP", "amount"],
		[49, "JPY", "amount"],
		[100_000_000, "USD", "amount"],
		[10_000_000_000, "JPY", "amount"],
		[1000, "XXX", "currency"],
		[1000, "XAU", "currency"],
		[1000, "KPW", "currency"],
		[1000, "IQD", "currency"],
		[1000, "BGN", "currency"]
	])("refuses %i %s because of the %s", (amount, currency, param) => {
		expect(refusedCharge(amount, currency)?.error.param).toBe(param);
	});

	it("refuses a refund that is no multiple, unless the charge is none either", () => {
		expect(refusedRefund(1234, { amount: 5000, currency: "KWD" })?.error.param).toBe("amount");
		expect(refusedRefund(1230, { amount: 5000, currency: "KWD" })).toBeUndefined();
		expect(refusedRefund(1234, { amount: 5001, currency: "KWD" })).toBeUndefined();
		expect(refusedRefund(150, { amount: 500, currency: "ISK" })?.error.param).toBe("amount");
		expect(refusedRefund(1, { amount: 500, currency: "USD" })).toBeUndefined();
	});
});
