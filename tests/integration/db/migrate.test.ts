import { migrate, migrations, type Migration } from "../../../db/migrate.ts";
import { testDatabase, type TestDatabase } from "../../support/servers/database.ts";

let database: TestDatabase;
beforeEach(async () => {
	database = await testDatabase("template1");
});
afterEach(() => database.drop());

const tables = () =>
	database.rows(
		"select from pg_tables where schemaname not in ('pg_catalog', 'information_schema')"
	);
const nameOf = ({ service, file }: Migration) => `${service}/${file}`;

describe("migrate", () => {
	it("runs every migration once, by service and number", async () => {
		const names = (await migrations()).map(nameOf);
		expect(names).toContain("order/0001_orders.sql");
		await expect(migrate(database.url)).resolves.toEqual(names);
		await expect(migrate(database.url)).resolves.toEqual([]);
	});

	it("may run concurrently", async () => {
		const runs = await Promise.all(Array.from({ length: 4 }, () => migrate(database.url)));
		expect(runs.map(names => names.length).sort((a, b) => a - b)).toEqual([
			0,
			0,
			0,
			(await migrations()).length
		]);
	});

	it("changes nothing when one of them fails, and says which", async () => {
		const broken: Migration = {
			service: "payment",
			file: "0099_broken.sql",
			sql: "create table half (id int); create table half (id int);"
		};
		// Each that runs outside a transaction divides the others; some use the index that it built.
		const together = (await migrations()).filter(({ sql }) => !/^-- outside|using index/.test(sql));
		await expect(migrate(database.url, [...together, broken])).rejects.toThrow(
			'migration payment/0099_broken.sql: relation "half" already exists (42P07)'
		);
		await expect(tables()).resolves.toEqual([]);
		await expect(migrate(database.url)).resolves.not.toEqual([]);
	});

	it("says what Postgres says of a failure in detail", async () => {
		const broken: Migration = {
			service: "payment",
			file: "0099_broken.sql",
			sql: "create table half (id int); insert into half values (7), (7); create unique index one on half (id);"
		};
		await expect(migrate(database.url, [broken])).rejects.toThrow(
			'migration payment/0099_broken.sql: could not create unique index "one" (23505): Key (id)=(7) is duplicated.'
		);
	});

	it("refuses a migration that was changed after it ran, and a database that is newer", async () => {
		await migrate(database.url);
		const [first, ...others] = await migrations();
		const edited = { ...first!, sql: `${first!.sql}\n` };
		await expect(migrate(database.url, [edited, ...others])).rejects.toThrow(
			`Migration ${nameOf(first!)} was changed after it ran`
		);
		await database.rows("insert into public.migration values ('order', '9999_later.sql')");
		await expect(migrate(database.url)).rejects.toThrow("newer than this version of the shop");
	});

	it("keeps the checksums of migrations that ran before there were checksums", async () => {
		await migrate(database.url);
		await database.rows("alter table public.migration drop column checksum");
		await expect(migrate(database.url)).resolves.toEqual([]);
		const sql = "select count(*)::int as n, count(checksum)::int as filled from public.migration";
		const [row] = await database.rows<{ n: number; filled: number }>(sql);
		expect(row).toEqual({ n: (await migrations()).length, filled: row!.n });
	});

	it("gives a table to the schema of its service", async () => {
		await migrate(database.url);
		const rows = await database.rows<{ schemaname: string }>(
			"select distinct schemaname from pg_tables where schemaname not in ('pg_catalog', 'information_schema') order by 1"
		);
		expect(rows.map(({ schemaname }) => schemaname)).toEqual([
			"analytics",
			"idempotency",
			"notification",
			"orders",
			"payment",
			"product",
			"public",
			"streams",
			"users",
			"webhook"
		]);
	});
});
