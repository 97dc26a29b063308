import pg from "pg";
import { migrate, type Migration } from "../../../db/migrate.ts";
import { newClient } from "../../../db/client.ts";
import { applyTextSearch } from "../../../db/text-search.ts";
import { useDatabase } from "../../support/servers/use-database.ts";
import { until } from "../../support/until.ts";

/** Migrations of a shop that runs, with a session that keeps a table and does not end. */

interface Named {
	connectionParameters: { application_name?: string };
	port: number;
}

const database = useDatabase("order", 2);

const read = { name: "read", text: "select 1 from orders.saga limit 1" };
const alter = (file: string, column: string): Migration => ({
	service: "order",
	file,
	sql: `alter table saga add column ${column} int`
});
const columnsOf = async (table: string) =>
	(
		await database.rows<{ name: string }>(
			"select attname as name from pg_attribute where attrelid = $1::regclass and attnum > 0",
			[table]
		)
	).map(({ name }) => name);

/** A session that has read a table in a transaction that stays open. */
async function reader(table: string): Promise<{ end(): Promise<unknown> }> {
	const client = newClient({ connectionString: database.url, application_name: "long report" });
	await client.connect();
	await client.query(`begin; select 1 from ${table} limit 1`);
	return { end: () => client.end() };
}

/** Uses the table as the shop does until the work is over. Returns how often it was answered. */
async function during(work: Promise<unknown>): Promise<number> {
	let isOver = false;
	let answered = 0;
	void work.catch(() => undefined).then(() => (isOver = true));
	while (!isOver) {
		await database.db.query(read);
		answered++;
		await new Promise(resolve => setTimeout(resolve, 20));
	}
	return answered;
}

it("a migration lets the shop use a table that another session keeps, and ends after that session", async () => {
	const lines: string[] = [];
	const { end } = await reader("orders.saga");
	const onProgress = (line: string) => lines.push(line);
	const work = migrate(database.url, [alter("0100_a.sql", "a")], { onProgress });
	const answered = during(work);
	// Each time the shop was answered between two attempts, or it would have run into its own time limit.
	await until(() => lines.length >= 3, 30_000);
	await end();
	await expect(work).resolves.toEqual(["order/0100_a.sql"]);
	expect(await answered).toBeGreaterThan(3);
	expect(lines[0]).toMatch(
		/^the migration waits for session \d+ \(long report, idle in transaction, for \d+ s\), trying again$/
	);
	expect(await columnsOf("orders.saga")).toContain("a");
}, 60_000);

it("a migration that waits in vain names the session that keeps the table, and changes nothing", async () => {
	const { end } = await reader("orders.saga");
	const both = [alter("0101_b.sql", "b"), alter("0102_c.sql", "c")];
	await expect(migrate(database.url, both, { withinMs: 3000 })).rejects.toThrow(
		/^the migration waited 3 s for session \d+ \(long report, idle in transaction, for \d+ s\): end it, or try again later$/
	);
	await end();
	expect(await columnsOf("orders.saga")).not.toContain("b");
	await expect(migrate(database.url, both)).resolves.toHaveLength(2);
}, 60_000);

it("a migration waits for another one, and not for ever", async () => {
	const { end } = await reader("orders.saga");
	const first = migrate(database.url, [alter("0103_d.sql", "d")]);
	await until(async () => {
		const sql = "select 1 from pg_stat_activity where application_name = 'shop migrate'";
		return (await database.rows(`${sql} and wait_event_type = 'Lock'`)).length > 0;
	});
	const lines: string[] = [];
	const onProgress = (line: string) => lines.push(line);
	await expect(migrate(database.url, [], { withinMs: 1000, onProgress })).rejects.toThrow(
		/^session \d+ has been migrating this database for more than 1 s$/
	);
	expect(lines).toEqual(["waiting for another migration of this database"]);
	const next = migrate(database.url, [alter("0104_e.sql", "e")]);
	await end();
	await expect(first).resolves.toEqual(["order/0103_d.sql"]);
	await expect(next).resolves.toEqual(["order/0104_e.sql"]);
}, 60_000);

describe("a migration that has to grant a role its rights", () => {
	const name = async () =>
		(await database.rows<{ name: string }>("select quote_ident(current_database()) as name"))[0]!
			.name;

	/** A session that has granted a right on the database in a transaction that stays open. */
	async function granter() {
		await database.rows(`revoke connect on database ${await name()} from shop_orders`);
		const client = newClient({ connectionString: database.url, application_name: "long grant" });
		await client.connect();
		await client.query(`begin; grant temporary on database ${await name()} to shop_orders`);
		return client;
	}
	const isGranted = async () =>
		(
			await database.rows(
				`select from pg_database, aclexplode(datacl) where datname = current_database()
					and grantee = 'shop_orders'::regrole and privilege_type = 'CONNECT'`
			)
		).length > 0;

	it.each(["commit", "rollback"])(
		"lets the shop go on, and grants them after another session's %s",
		async end => {
			const client = await granter();
			const lines: string[] = [];
			const work = migrate(database.url, [], { onProgress: line => lines.push(line) });
			const answered = during(work);
			await until(() => lines.length >= 2, 30_000);
			await client.query(end);
			await expect(work).resolves.toEqual([]);
			expect(await answered).toBeGreaterThan(10);
			expect(lines[0]).toMatch(
				/^the migration waits for session \d+ \(long grant, idle in transaction/
			);
			expect(await isGranted()).toBe(true);
			await client.end();
		},
		60_000
	);

	it("names the session for which it waited in vain, and waits for none when there is nothing to grant", async () => {
		const client = await granter();
		await expect(migrate(database.url, [], { withinMs: 2500 })).rejects.toThrow(
			/^the migration waited 2.5 s for session \d+ \(long grant, /
		);
		await client.query("rollback");
		await migrate(database.url, []);
		await client.query(`begin; grant temporary on database ${await name()} to shop_orders`);
		await migrate(database.url, [], { withinMs: 1 });
		await client.end();
	}, 60_000);
});

it("a migration names the session that it waits for, though the first look for it failed", async () => {
	const { end } = await reader("orders.saga");
	let failures = 0;
	const { connect } = pg.Client.prototype as unknown as { connect(this: Named): Promise<void> };
	const spy = jest.spyOn(pg.Client.prototype, "connect").mockImplementation(function (this: Named) {
		const isWatch = this.connectionParameters.application_name === "shop lock watch";
		// Nothing listens at this port.
		if (isWatch && failures++ < 2) this.port = 1;
		return connect.call(this);
	} as never);
	try {
		const work = migrate(database.url, [alter("0105_h.sql", "h")], { withinMs: 3000 });
		await expect(work).rejects.toThrow(/^the migration waited 3 s for session \d+ \(long report, /);
		expect(failures).toBeGreaterThan(2);
	} finally {
		spy.mockRestore();
		await end();
	}
}, 30_000);

describe("a migration outside a transaction", () => {
	const build = (file: string, index: string): Migration => ({
		service: "order",
		file,
		sql: `-- outside a transaction\ncreate unique index concurrently ${index} on twins (n)`
	});
	const isValid = async (index: string) =>
		(
			await database.rows<{ valid: boolean }>(
				"select indisvalid as valid from pg_index where indexrelid = to_regclass($1)",
				[`orders.${index}`]
			)
		)[0]?.valid;

	beforeAll(() =>
		database.rows("create table orders.twins as select n % 2 as n from generate_series(1, 4) as n")
	);

	it("builds an index concurrently, also after an attempt that left an incomplete one", async () => {
		const all = [
			alter("0110_f.sql", "f"),
			build("0111_twins.sql", "twins_by_n"),
			alter("0112_g.sql", "g")
		];
		await expect(migrate(database.url, all)).rejects.toThrow(/^migration order\/0111_twins\.sql: /);
		expect(await isValid("twins_by_n")).toBe(false);
		expect(await columnsOf("orders.saga")).toContain("f");
		expect(await columnsOf("orders.saga")).not.toContain("g");
		await database.rows("truncate orders.twins");
		await expect(migrate(database.url, all)).resolves.toEqual([
			"order/0111_twins.sql",
			"order/0112_g.sql"
		]);
		expect(await isValid("twins_by_n")).toBe(true);
		await expect(migrate(database.url, all)).resolves.toEqual([]);
	}, 30_000);

	it("only records one that was complete when its process ended", async () => {
		await database.rows("create unique index twins_again on orders.twins (n)");
		const one = [build("0113_twins.sql", "twins_again")];
		await expect(migrate(database.url, one)).resolves.toEqual(["order/0113_twins.sql"]);
		expect(await isValid("twins_again")).toBe(true);
	}, 30_000);
});

describe("the text search of products", () => {
	it("is left alone when it does not change, though a session keeps the table", async () => {
		const { end } = await reader("product.products");
		await applyTextSearch(database.url, "english");
		await end();
	}, 30_000);

	it("gives way like a migration when it changes", async () => {
		const { end } = await reader("product.products");
		const lines: string[] = [];
		const onProgress = (line: string) => lines.push(line);
		const work = applyTextSearch(database.url, "german", { onProgress });
		await until(() => lines.length >= 2, 30_000);
		await end();
		await work;
		const languages = await database.rows("select distinct language from product.products");
		expect(languages).toEqual([{ language: "german" }]);
	}, 60_000);
});
