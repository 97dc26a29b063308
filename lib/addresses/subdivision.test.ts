import { iso31662 } from "iso-3166";
import { subdivisionCode, subdivisionRule } from "./subdivision.ts";

it.each([
	[
		"US",
		"CA",
		["CA", "ca", " CA ", "California", "CALIFORNIA", "Ｃａｌｉｆｏｒｎｉａ", "US-CA", "us-ca"]
	],
	["US", "DC", ["DC", "D.C.", "District of Columbia"]],
	["US", "NY", ["New York", "new  york", "NewYork"]],
	["US", "PR", ["PR", "Puerto Rico"]],
	["US", "AE", ["AE", "ae"]],
	["CA", "QC", ["QC", "Québec", "Quebec", "QUE\u0301BEC"]],
	["CA", "NL", ["Newfoundland and Labrador", "Newfoundland & Labrador", "Terre-Neuve-et-Labrador"]],
	["CA", "NS", ["Nova Scotia", "Nouvelle-Écosse"]],
	["MX", "CMX", ["CMX", "Ciudad de México", "ciudad de mexico"]],
	["MX", "JAL", ["Jalisco"]],
	["BR", "SP", ["SP", "São Paulo", "sao paulo"]],
	["IN", "MH", ["MH", "Maharashtra", "महाराष्ट्र"]],
	["IN", "OD", ["Odisha"]],
	["JP", "13", ["13", "Tokyo", "Tôkyô", "東京都"]],
	["JP", "07", ["Fukushima", "Hukusima", "福島県"]],
	["AU", "NSW", ["NSW", "New South Wales"]],
	["DE", "BY", ["BY", "Bayern"]],
	["DE", "BW", ["Baden-Württemberg", "baden wurttemberg"]],
	["GB", "NIR", ["NIR", "Northern Ireland", "northern ireland"]],
	["ES", "CB", ["Cantabria"]],
	["IT", "MI", ["MI", "Milano"]],
	["CN", "AH", ["AH", "安徽省"]],
	["AE", "DU", ["DU", "Dubai", "دبي"]]
])("in %s %s may be written in many ways", (country, code, spellings) => {
	for (const spelling of spellings)
		expect([spelling, subdivisionCode(country, spelling)]).toEqual([spelling, code]);
});

it.each([
	["US", ["", " ", "ZZ", "Kalifornien City", "C", "Bayern", "CA-QC", "13", "San Francisco"]],
	["CA", ["CA", "California", "US-CA", "ABC"]],
	["HK", ["CA"]],
	["ZZ", ["CA"]]
])("in %s other texts are no state", (country, texts) => {
	for (const text of texts)
		expect([text, subdivisionCode(country, text)]).toEqual([text, undefined]);
});

it("prefers the one that is asked for, where a part of it is meant, or a name is shared", () => {
	expect(subdivisionCode("FR", "Paris")).toBe("75C");
	expect(subdivisionCode("FR", "Paris", new Set(["IDF"]))).toBe("IDF");
	expect(subdivisionCode("ES", "Barcelona", new Set(["CT"]))).toBe("CT");
	expect(subdivisionCode("ES", "Barcelona", new Set(["B", "CT"]))).toBe("B");
	expect(subdivisionCode("ES", "Barcelona", new Set(["MD"]))).toBe("B");
});

it("knows each code of ISO 3166-2 by itself, in any case", () => {
	for (const { code } of iso31662) {
		const [country, own] = [code.slice(0, 2), code.slice(3)];
		const found = [own, own.toLowerCase(), code].map(text => subdivisionCode(country, text));
		expect([code, ...found]).toEqual([code, own, own, own]);
	}
});

it("says what a state is, with an example", () => {
	expect(subdivisionRule("CA")).toBe(
		"a state, province or region of this country (Canada), by its code or name, like AB or Alberta"
	);
});
