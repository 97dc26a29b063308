import { assertSound, countStatements, faultsOf } from "./migration-files.ts";

const outside = "-- outside a transaction\n";
const order = (...files: string[]) =>
	files.map(file => ({ service: "order", file, sql: "select 1" }));
const form =
	"The name of a migration is a number of four digits, _, and words in small letters, as in 0019_brand.sql: rename ";

describe("the names of migrations", () => {
	it.each<[files: string[], faults: string[]]>([
		[[], []],
		[["0001_a.sql", "0002_b_2.sql", "0003_c.sql"], []],
		[["0002_b.sql", "0001_a.sql"], []],
		[
			["0001_a.sql", "0002_a.sql", "0002_b.sql"],
			["Migrations order/0002_a.sql and order/0002_b.sql have the same number: renumber one."]
		],
		[
			["0001_a.sql", "0001_b.sql", "0001_c.sql"],
			[
				"Migrations order/0001_a.sql, order/0001_b.sql and order/0001_c.sql have the same number: renumber one."
			]
		],
		[
			["0001_a.sql", "0002_b.sql", "0005_c.sql", "0009_d.sql"],
			["Migration order/0005_c.sql has no predecessor: there is none with the number 0003."]
		],
		[
			["0002_a.sql"],
			["Migration order/0002_a.sql has no predecessor: there is none with the number 0001."]
		],
		[["0001_a.sql", "brand.sql", "0002-x.sql"], [`${form}order/brand.sql and order/0002-x.sql.`]],
		...[
			"0001_Brand.sql",
			"0001_brand.SQL",
			"1_brand.sql",
			"00001_brand.sql",
			"0001.sql",
			"0001_.sql",
			"0001_a__b.sql",
			"0001_a b.sql",
			" 0001_a.sql",
			"0001_a.up.sql",
			"0001_größe.sql"
		].map((file): [string[], string[]] => [[file], [`${form}order/${file}.`]])
	])("%j have the faults %j", (files, faults) => {
		expect(faultsOf(order(...files))).toEqual(faults);
	});

	it("are counted by service", () => {
		const payment = { service: "payment", file: "0001_a.sql", sql: "select 1" };
		expect(faultsOf([...order("0001_a.sql"), payment])).toEqual([]);
	});

	it("are refused with every fault, before anything runs", () => {
		const all = order("0001_a.sql", "0001_b.sql", "x.sql");
		expect(() => assertSound(all)).toThrow(
			expect.objectContaining({ kind: "refused", message: faultsOf(all).join("\n") })
		);
	});
});

it.each<[sql: string, count: number]>([
	["", 0],
	["-- nothing;\n", 0],
	["select 1", 1],
	["select 1;\n-- the end; of it\n/* or; */", 1],
	["select 1; select 2", 2],
	["select 1;;\nselect 2;", 2],
	["select ';', 'it''s;', \"a;b\", e'\\';'", 1],
	["-- it's one\nselect 1", 1],
	["do $$ begin perform 1; perform 2; end $$;", 1],
	["create function f() returns int as $body$ select '$$;'; $body$ language sql", 1],
	["select '--'; select 2", 2],
	["'a text alone'", 1]
])("%j has %i statements", (sql, count) => {
	expect(countStatements(sql)).toBe(count);
});

it.each<[sql: string, faults: string[]]>([
	["select 1; select 2", []],
	[`${outside}create index concurrently a on t (x); -- why; not\n`, []],
	[
		`${outside}create index concurrently a on t (x); create index concurrently b on t (y);`,
		["Migration order/0001_a.sql has 2 statements; one outside a transaction has one."]
	],
	[
		`${outside}-- later`,
		["Migration order/0001_a.sql has no statement; one outside a transaction has one."]
	]
])("%j has the faults %j", (sql, faults) => {
	expect(faultsOf([{ service: "order", file: "0001_a.sql", sql }])).toEqual(faults);
});
