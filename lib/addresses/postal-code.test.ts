import countries from "i18n-iso-countries";
import { needsPostalCode, postalCode, postalCodeRule } from "./postal-code.ts";
import { postalData } from "./postal-data.ts";

const all = Object.keys(countries.getAlpha2Codes());

it.each([
	["US", "94105", "94105"],
	["US", " 94105 ", "94105"],
	["US", "94105-1234", "94105-1234"],
	["US", "94105 1234", "94105-1234"],
	["US", "941051234", "94105-1234"],
	["US", "94105\u20131234", "94105-1234"],
	["US", "９４１０５", "94105"],
	["US", "\u200f94105\u200e", "94105"],
	["PR", "00901", "00901"],
	["CA", "K1A 0B1", "K1A 0B1"],
	["CA", "k1a0b1", "K1A 0B1"],
	["CA", "K1A-0B1", "K1A 0B1"],
	["GB", "sw1a1aa", "SW1A 1AA"],
	["GB", "M1 1AE", "M1 1AE"],
	["GB", "BT1 5GS", "BT1 5GS"],
	["GB", "gir0aa", "GIR 0AA"],
	["GB", "BFPO61", "BFPO 61"],
	["IE", "d02x285", "D02 X285"],
	["NL", "1234ab", "1234 AB"],
	["DE", "01067", "01067"],
	["DE", "DE-10115", "10115"],
	["SE", "114 55", "114 55"],
	["SE", "SE-114 55", "11455"],
	["PL", "00950", "00-950"],
	["LV", "1010", "LV-1010"],
	["JP", "〒154-0023", "154-0023"],
	["JP", "１５４ー００２３".replace("ー", "－"), "154-0023"],
	["BR", "40301110", "40301-110"],
	["IN", "110 034", "110034"],
	["MX", "02860", "02860"],
	["PT", "2725-079", "2725-079"],
	["HK", "000000", "000000"],
	["AE", "P.O. Box 1", "P.O. Box 1"],
	["AG", "  none ", "none"]
])("in %s %j is written %j", (country, text, written) => {
	expect(postalCode(country, text)).toBe(written);
	expect(postalCode(country, written)).toBe(written);
});

it.each([
	["US", "ABCDE"],
	["US", "9410"],
	["US", "941056"],
	["US", "94105-12"],
	["US", "94105; drop table"],
	["US", "٩٤١٠٥"],
	["US", "K1A 0B1"],
	["CA", "94105"],
	["CA", "D1A 0B1"],
	["GB", "SW1A"],
	["GB", "QQ1 1AA"],
	["DE", "1234"],
	["DE", "123456"],
	["NL", "1234"],
	["NL", "0234 AB"],
	["NL", "1234 SS"],
	["JP", "154"],
	["BR", "4030"],
	["IN", "11003"],
	["PR", "94105"],
	["FR", "7500"]
])("in %s %j is no postal code", (country, text) => {
	expect(postalCode(country, text)).toBeUndefined();
});

it.each(["US", "CA", "DE", "GB", "NL", "JP", "BR", "IN", "MX", "FR", "IT", "ES", "PR", "AU", "SE"])(
	"letters to %s need one",
	country => {
		expect(needsPostalCode(country)).toBe(true);
	}
);

it.each(["HK", "AE", "QA", "MO", "BS", "JM", "IE", "PA", "KE", "XK"])(
	"letters to %s need none",
	country => {
		expect(needsPostalCode(country)).toBe(false);
	}
);

it("knows the form of every country, and accepts its own examples as they are", () => {
	for (const country of all) {
		const { zip, zipex = "" } = postalData(country);
		expect([country, Boolean(zip)]).toEqual([country, zipex !== ""]);
		for (const example of zipex.split(",").filter(Boolean))
			expect([country, postalCode(country, example)]).toEqual([country, example]);
		expect(postalCodeRule(country)).toMatch(
			/^a postal code of this country \(.+\)(, like [A-Z\d -]+)?$/
		);
	}
});

it("has no rules for a country that the package does not know", () => {
	expect(postalCode("ZZ", " 1 ")).toBe("1");
	expect(needsPostalCode("ZZ")).toBe(false);
});
