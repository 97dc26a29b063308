import pg from "pg";
import { textSearchConfiguration } from "../../../config/catalogue-language.ts";
import { product, type Product } from "../../../contracts/product.ts";
import { migrate, migrations, type Migration } from "../../../db/migrate.ts";
import { seed } from "../../../db/seed.ts";
import { applyTextSearch } from "../../../db/text-search.ts";
import { call, type Params } from "../../../lib/service.ts";
import { validate } from "../../../lib/validator.ts";
import { CatalogueSearch } from "../../../services/product/catalogue/search.ts";
import productService from "../../../services/product/product.service.ts";
import { expectFailure } from "../../support/expect-failure.ts";
import { testDatabase, type TestDatabase } from "../../support/servers/database.ts";
import { as, admin } from "../../support/shop/callers.ts";
import { useShop } from "../../support/shop/use-shop.ts";

const { actions } = product;
const english = new CatalogueSearch("english", pg.escapeLiteral);
type List = Params<typeof actions.list>;

const entries: [sku: string, name: string, description?: string][] = [
	["ABC-1.2/x_9", "Plain Widget"],
	["KB 77", "키보드 케이스"],
	["JP-1", "日本語の茶器セット", "急須と湯呑みが五つ。"],
	["TH-1", "เสื้อยืดสีน้ำเงิน"],
	["RU-1", "Чёрный кофейник", "Для крепкого кофе"],
	["GR-1", "Καφές ελληνικός"],
	["AR-1", "قَهْوَة عربية"],
	["HE-1", "קָפֶה שחור"],
	["VI-1", "Phở đặc biệt"],
	["FR-1", "Gâteau des élèves", "Crème brûlée et œufs"],
	["DE-1", "Lederhandschuhe", "Für große Hände, aus Österreich. Straßenschuhe gibt es auch."],
	["PL-1", "Łódź pocztówka"],
	["TR-1", "İstanbul ışık"],
	["DK-1", "Smørrebrød"],
	["DEC-1", "Cafe\u0301 Noir"],
	["TEL-1", "AT&T Phone"],
	["AUD-1", "Hi-Fi System"],
	["NET-1", "WiFi Router", "Reaches every room, even a cellar."],
	["PRG-1", "C++ Primer", "100% of the language, 2nd ed."],
	["FW-1", "ＦＵＬＬ Ｗｉｄｔｈ"],
	["KANA-1", "ガラスのかさ"],
	["ART-1", "Modern Art Print"],
	["ART-2", "Smart Lamp"],
	["ART-3", "Coat Stand", "A work of art for the hall."],
	["ART-4", "Art"],
	["ART-5", "Artisan Bread"]
];

const shop = useShop([productService], {}, { checkStock: "all" });

async function found(params: List): Promise<Product[]> {
	const { data } = await call(shop.broker, actions.list, { ...params, limit: 100 });
	return data;
}
const skus = async (q: string) => (await found({ q })).map(({ sku }) => sku);

async function create(sku: string, name: string, description = ""): Promise<Product> {
	const price = { amount: 100, currency: "EUR" };
	const params = { sku, name, description, category: "search", price, stock: 1 };
	return call(shop.broker, actions.create, params, as(admin));
}

beforeAll(async () => {
	for (const entry of entries) await create(...entry);
});

describe("search", () => {
	it.each([
		["a SKU", "ABC-1.2/x_9", "ABC-1.2/x_9"],
		["a SKU in another case", "abc-1.2/X_9", "ABC-1.2/x_9"],
		["a SKU with a space", "kb 77", "KB 77"],
		["a part of a SKU", "1.2/x", "ABC-1.2/x_9"],
		["the beginning of a SKU", "abc-", "ABC-1.2/x_9"],
		["the beginning of a word", "widg", "ABC-1.2/x_9"],
		["beginnings of two words", "pla wid", "ABC-1.2/x_9"],
		["the end of a word", "dget", "ABC-1.2/x_9"],
		["a Korean word", "키보드", "KB 77"],
		["a part of a Korean word", "보드", "KB 77"],
		["decomposed Korean", "키보드".normalize("NFD"), "KB 77"],
		["one syllable", "케", "KB 77"],
		["a Japanese word", "茶器", "JP-1"],
		["one character", "茶", "JP-1"],
		["a part across scripts", "語の茶", "JP-1"],
		["Japanese words apart", "日本語 セット", "JP-1"],
		["a part of a description", "湯呑", "JP-1"],
		["half-width kana", "ｾｯﾄ", "JP-1"],
		["a part of a Thai name", "สีน้ำเงิน", "TH-1"],
		["Cyrillic without the marks", "черный", "RU-1"],
		["the stem of a Cyrillic word", "кофе", "RU-1"],
		["Greek in capitals, without accents", "ΚΑΦΕΣ", "GR-1"],
		["Arabic without points", "قهوة", "AR-1"],
		["Hebrew without points", "קפה", "HE-1"],
		["Vietnamese without marks", "pho dac biet", "VI-1"],
		["French without accents", "gateau eleves", "FR-1"],
		["French with other accents", "gateaû", "FR-1"],
		["ligatures taken apart", "oeufs", "FR-1"],
		["a part of a compound", "handschuh", "DE-1"],
		["ß as ss", "strassen", "DE-1"],
		["an umlaut left out", "osterreich", "DE-1"],
		["decomposed umlauts", "große".normalize("NFD"), "DE-1"],
		["Polish without marks", "lodz", "PL-1"],
		["Turkish in plain letters", "istanbul isik", "TR-1"],
		["Danish in plain letters", "smorrebrod", "DK-1"],
		["the composed form of a decomposed name", "café", "DEC-1"],
		["letters and a sign", "AT&T", "TEL-1"],
		["letters without the sign", "att phone", "TEL-1"],
		["a name without its hyphen", "hifi", "AUD-1"],
		["a name in two words", "hi fi", "AUD-1"],
		["a name with a hyphen too many", "Wi-Fi", "NET-1"],
		["signs that are part of a word", "c++", "PRG-1"],
		["a percent sign", "100%", "PRG-1"],
		["narrow letters", "full width", "FW-1"],
		["another form of the word", "reaching rooms", "NET-1"],
		["another form of a word, with an accent that it lacks", "wîdgets", "ABC-1.2/x_9"],
		["another form of a word, without its accent", "cafes noir", "DEC-1"],
		["a name with an article", "the widget", "ABC-1.2/x_9"],
		["words with others between them", "router for a room", "NET-1"],
		["words with a sign between them", "router & room", "NET-1"],
		["words with a stroke between them", "router / room ?", "NET-1"],
		["words with a dash between them", "router – cellar", "NET-1"],
		["a word with a sign before it", "#widget", "ABC-1.2/x_9"],
		["a word with a sign after it", "widget*", "ABC-1.2/x_9"],
		["a word with an emoji", "widget 👍🏽", "ABC-1.2/x_9"],
		["words in typographic quotes", "“wifi router”", "NET-1"],
		["words with a hyphen that they lack", "plain-widget", "ABC-1.2/x_9"],
		["words with a stroke that they lack", "wifi/router", "NET-1"],
		["words that also are operators", "100% or", "PRG-1"]
	])("finds %s", async (_, q, sku) => {
		expect(await skus(q)).toEqual([sku]);
	});

	it.each([
		["another voicing of kana", "カラス"],
		["a wildcard", "wid_et"],
		["a wildcard", "wid%et"],
		["a regular expression", "wid.et"],
		["one word of two", "widget umbrella"],
		["the words of a phrase apart", '"router wifi"'],
		["the words of an accented phrase apart", '"élèves gateau"'],
		["another language of the letter", "c++ router"],
		["an excluded part of Japanese", "日本語 -茶器"],
		["an excluded SKU", "widget -ABC-1.2/x_9"],
		["an excluded word", "widget -plain"],
		["a part that no word has", "茶語"]
	])("does not find %s", async (_, q) => {
		expect(await skus(q)).toEqual([]);
	});

	it.each([
		"'; drop table product.products --",
		"((((a+)+)+)+)$",
		"%_",
		"\\",
		'"',
		"a & | ! <-> b",
		"-",
		"or or",
		"-or or -",
		"👍🏽",
		"\u0301",
		"x".repeat(100),
		"a ".repeat(50).trim(),
		"\u200f\u05d0"
	])("treats %j as plain words", async q => {
		const page = await call(shop.broker, actions.list, { q });
		expect(validate(actions.list.returns, page)).toEqual([]);
	});

	it("does not exclude parts of words", async () => {
		expect(await skus("smart -art")).toEqual(["ART-2"]);
	});

	it("finds either of two", async () => {
		expect((await skus("pocztówka or c++ or nothing")).sort()).toEqual(["PL-1", "PRG-1"]);
	});

	it("ranks the SKU, the name, its beginning, words of the name, parts of it, then the description", async () => {
		const bySku = await create("art", "Nothing of the kind");
		expect(await skus("art")).toEqual([bySku.sku, "ART-4", "ART-5", "ART-1", "ART-2", "ART-3"]);
	});

	it("pages by relevance, each product once", async () => {
		const all = await skus("ar");
		expect(all.length).toBeGreaterThan(5);
		const paged: string[] = [];
		let cursor: string | null = null;
		do {
			const params: List = { q: "ar", limit: 2, ...(cursor !== null && { cursor }) };
			const page: { data: Product[]; next_cursor: string | null } = await call(
				shop.broker,
				actions.list,
				params
			);
			paged.push(...page.data.map(({ sku }) => sku));
			cursor = page.next_cursor;
		} while (cursor !== null);
		expect(paged).toEqual(all);
	});

	it("sorts what it found otherwise if asked", async () => {
		const names = (await found({ q: "art", sort: "name", category: "search" })).map(p => p.name);
		expect(names[0]).toBe("Art");
		expect(names).toEqual([...names].sort(new Intl.Collator("und").compare));
		await expectFailure(found({ sort: "relevance" }), "VALIDATION_FAILED", { pointer: "/q" });
	});
});

describe("search in German", () => {
	const german = useShop(
		[productService],
		{ CATALOGUE_LANGUAGE: "de" },
		{ prepare: ({ url }) => applyTextSearch(url, textSearchConfiguration("de")) }
	);
	const names = async (q: string) => {
		const { data } = await call(german.broker, actions.list, { q });
		return data.map(({ name }) => name);
	};

	beforeAll(async () => {
		const price = { amount: 100, currency: "EUR" };
		const more = { category: "search", price, stock: 1 };
		for (const name of ["Alte Häuser", "Blaue Stühle"]) {
			const params = { ...more, sku: name, name };
			await call(german.broker, actions.create, params, as(admin));
		}
	});

	it.each([
		["Haus", ["Alte Häuser"]],
		["Hausern", ["Alte Häuser"]],
		["blauer stuhl", ["Blaue Stühle"]],
		["der blaue Stuhl", ["Blaue Stühle"]],
		["Stuhl & Blau", ["Blaue Stühle"]],
		["Grinder", ["Hand Coffee Grinder"]]
	])("finds %s", async (q, expected) => {
		expect(await names(q)).toEqual(expected);
	});

	it("keeps versions when the language changes, and finds words of the new one", async () => {
		const versions = () =>
			german.database.rows("select id, version, updated_at from product.products order by id");
		const withWords = () =>
			german.database.rows(
				"select sku from product.products where search_words @@ product.search_words_query('english', 'setting')"
			);
		expect(await withWords()).not.toContainEqual({ sku: "COF-GRND-01" });
		const before = await versions();
		await applyTextSearch(german.database.url, "english");
		expect(await versions()).toEqual(before);
		expect(await withWords()).toContainEqual({ sku: "COF-GRND-01" });
	});
});

/** Whatever is searched for, an index finds it. */
async function expectIndexed(database: TestDatabase): Promise<void> {
	await database.rows(`
		insert into product.products (id, sku, name, description, category, price_minor, currency)
		select 'many-' || n, 'MANY-' || n, 'Thing ' || md5(n::text), md5('about ' || n), 'many', 100, 'USD'
		from generate_series(1, 2000) n`);
	await database.rows("vacuum analyze product.products");
	const options = "-c enable_seqscan=off";
	const client = new pg.Client({ connectionString: database.url, options });
	await client.connect();
	try {
		for (const q of [
			"kettle",
			"steel kettle",
			"the kettle",
			"茶",
			"abc-1.2",
			"c++",
			"widget -plain or 99%"
		]) {
			const { matches } = english.for(q);
			const { rows } = await client.query<{ "QUERY PLAN": string }>(
				`explain select from product.products product where not archived and ${matches}`
			);
			const plan = rows.map(line => line["QUERY PLAN"]).join("\n");
			expect(plan).toMatch(/Index Scan on products_by_(words|runs)/);
			expect(plan).not.toContain("Seq Scan");
		}
	} finally {
		await client.end();
	}
}

describe("the catalogue of a former version", () => {
	it("is searched as it is, with each SKU as it was", async () => {
		const database = await testDatabase("template1");
		try {
			const isOlder = ({ service, file }: Migration) => service !== "product" || file < "0010";
			await migrate(database.url, (await migrations()).filter(isOlder));
			await seed(database.url);
			await migrate(database.url);
			const { matches } = english.for("burr coff");
			const rows = await database.rows(
				`select sku, version from product.products product where ${matches}`
			);
			expect(rows).toEqual([{ sku: "COF-GRND-01", version: 1 }]);
			await expectIndexed(database);
		} finally {
			await database.drop();
		}
	});
});
