import { data, publishDate } from "currency-codes";
import fc from "fast-check";
import { decimalsOf, isCurrency, toDecimal } from "./iso4217.ts";

/** Metals, bonds, units of account, tests and "no currency": the standard gives them no minor unit. */
const withoutUnit = "XAG XAU XBA XBB XBC XBD XDR XPD XPT XSU XTS XUA XXX".split(" ");

/** Amendments of the standard after the list in the package: XCG replaced ANG, BGN the euro, CUC was withdrawn. */
const withdrawnSince = ["ANG", "BGN", "CUC"];
const addedSince = [{ code: "XCG", digits: 2 }];

const listed = [
	...data.filter(({ code }) => !withdrawnSince.includes(code) && !withoutUnit.includes(code)),
	...addedSince
];

const letters = fc.stringMatching(/^[A-Z]{3}$/);

describe("the table of ISO 4217", () => {
	it("is compared with the list that has these amendments behind it", () => {
		expect(publishDate).toBe("2024-06-25");
	});

	it("has every currency of the standard's list, with its minor unit", () => {
		expect(listed.length).toBeGreaterThan(160);
		for (const { code, digits } of listed)
			expect([code, isCurrency(code), decimalsOf(code)]).toEqual([code, true, digits]);
	});

	it("has no other currency, but withdrawn ones", () => {
		const withdrawn = [...withdrawnSince, "HRK", "SLL", "ZWL"];
		const known = new Set([...listed.map(({ code }) => code), ...withdrawn]);
		const az = Array.from({ length: 26 }, (_, index) => String.fromCharCode(65 + index));
		const all = az.flatMap(a => az.flatMap(b => az.map(c => a + b + c)));
		expect(all.filter(isCurrency)).toEqual(all.filter(code => known.has(code)));
		for (const code of withdrawn) expect(decimalsOf(code)).toBe(2);
	});

	it.each([...withoutUnit, "usd", "US", "", "USDT", "ABC", "toString", "__proto__"])(
		"has no %j",
		code => {
			expect(isCurrency(code)).toBe(false);
		}
	);

	it.each([
		["HUF", 2],
		["ISK", 0],
		["IDR", 2],
		["COP", 2],
		["UGX", 0],
		["MGA", 2],
		["MRU", 2],
		["TWD", 2],
		["AFN", 2],
		["LBP", 2],
		["PKR", 2],
		["IQD", 3],
		["CLF", 4],
		["XCG", 2],
		["ZWG", 2]
	])("gives %s %i decimals, whatever Intl says", (code, decimals) => {
		expect(decimalsOf(code)).toBe(decimals);
	});
});

describe("whole units", () => {
	it.each([
		[0, "USD", "0.00"],
		[5, "USD", "0.05"],
		[1234, "USD", "12.34"],
		[7, "JPY", "7"],
		[0, "JPY", "0"],
		[5, "KWD", "0.005"],
		[1_234_567, "KWD", "1234.567"],
		[12, "CLF", "0.0012"],
		[-5, "USD", "-0.05"],
		[100_000, "HUF", "1000.00"],
		[1000, "ISK", "1000"],
		[2 ** 46 + 1, "USD", "703687441776.65"],
		[Number.MAX_SAFE_INTEGER, "USD", "90071992547409.91"],
		[Number.MAX_SAFE_INTEGER, "JPY", "9007199254740991"],
		[Number.MAX_SAFE_INTEGER, "KWD", "9007199254740.991"]
	])("of %i %s are %s", (amount, currency, text) => {
		expect(toDecimal(amount, decimalsOf(currency))).toBe(text);
	});

	it("have all digits of the amount, at any size and in any currency", () => {
		fc.assert(
			fc.property(fc.maxSafeInteger(), letters, (amount, currency) => {
				const text = toDecimal(amount, decimalsOf(currency));
				expect(BigInt(text.replace(".", ""))).toBe(BigInt(amount));
				expect(text.split(".")[1]?.length ?? 0).toBe(decimalsOf(currency));
			})
		);
	});
});
