import { alpha2Country, countryName } from "./country.ts";

it.each([
	["usa", "US"],
	["US", "US"],
	["Deu", "DE"],
	["gb", "GB"],
	["PRI", "PR"],
	["xk", "XK"]
])("the code of %s is %s", (code, alpha2) => {
	expect(alpha2Country(code)).toBe(alpha2);
});

it.each([
	"ZZ",
	"UK",
	"EU",
	"",
	"U",
	"USAA",
	"840",
	" US",
	"US ",
	"ＵＳ",
	"ß",
	"ſa",
	"uſ",
	"U\u200eS"
])("%j is no code", code => {
	expect(alpha2Country(code)).toBeUndefined();
});

it("has the name of a country for sentences", () => {
	expect(countryName("DE")).toBe("Germany");
});
