import { randomUUID } from "node:crypto";
import pg from "pg";
import { Database, roleOf, schemas, serviceUrl } from "../../../db/database.ts";
import { arm, disarmAll } from "../../../lib/failpoint.ts";
import { refusedBySql, sqlState } from "../../../lib/database-error.ts";
import { refuseInsideTransaction } from "../../../lib/transaction-scope.ts";
import { until } from "../../support/until.ts";
import { errorOf, expectSqlState } from "../../support/expect-failure.ts";
import { useDatabase } from "../../support/servers/use-database.ts";

type ServiceName = keyof typeof schemas;
const services = Object.keys(schemas) as ServiceName[];
const durability = { name: "durability", text: "show synchronous_commit" };

const database = useDatabase();

/** Connections as a service has them. */
function connect(service: ServiceName, wanted: "prefix" | "strict" = "prefix"): Database {
	const url = serviceUrl(database.url, service);
	const db = new Database({ url, pool: 2, durability: wanted, name: "test" });
	database.defer(() => db.close());
	return db;
}

describe("Database", () => {
	it("waits for the disk in query and transaction, and not in deferred", async () => {
		const db = connect("order");
		await expect(db.query(durability)).resolves.toEqual([{ synchronous_commit: "on" }]);
		await expect(db.transaction(tx => tx.query(durability))).resolves.toEqual([
			{ synchronous_commit: "on" }
		]);
		await expect(db.deferred(durability)).resolves.toEqual([{ synchronous_commit: "off" }]);
	});

	it("waits for the disk everywhere when durability is strict", async () => {
		const db = connect("order", "strict");
		for (const rows of [await db.query(durability), await db.deferred(durability)])
			expect(rows).toEqual([{ synchronous_commit: "on" }]);
	});

	/** Two rows, locked by each transaction in the other's order, so that Postgres must abort one. */
	async function meet(db: Database, rounds: number): Promise<number> {
		await database.rows("drop table if exists public.crossing");
		await database.rows("create table public.crossing (id int primary key, n int not null)");
		await database.rows("insert into public.crossing values (1, 0), (2, 0)");
		await database.rows(`grant select, update on public.crossing to ${roleOf("product")}`);
		const add = {
			name: "add",
			text: "update public.crossing set n = n + 1 where id = $1"
		};
		let runs = 0;
		const cross = (first: number, second: number) =>
			db.transaction(async tx => {
				runs++;
				await tx.query(add, [first]);
				await tx.query({ name: "linger", text: "select pg_sleep(0.05)" });
				await tx.query(add, [second]);
			});
		for (let round = 0; round < rounds; round++) await Promise.all([cross(1, 2), cross(2, 1)]);
		return runs;
	}

	it("retries a transaction that was aborted by a deadlock, and commits it once", async () => {
		const runs = await meet(connect("product"), 2);
		expect(runs).toBeGreaterThan(4);
		expect(await database.rows("select n from public.crossing")).toEqual([{ n: 4 }, { n: 4 }]);
	}, 20_000);

	it("retries at most 3 times, and only after a rollback", async () => {
		const db = connect("product");
		const failing = async (state: string) => {
			let runs = 0;
			const raise = { name: `raise ${state}`, text: `do 'begin raise sqlstate ''${state}''; end'` };
			const work = db.transaction(tx => {
				runs++;
				return tx.query(raise);
			});
			await expectSqlState(work, state);
			return runs;
		};
		expect(await Promise.all(["40001", "40P01", "23505", "57P01"].map(failing))).toEqual([
			4, 4, 1, 1
		]);
		const raise = { name: "raise alone", text: "do 'begin raise sqlstate ''40001''; end'" };
		await expectSqlState(db.query(raise), "40001");
	});

	it("does not retry a commit whose connection broke: its outcome is unknown", async () => {
		await database.rows(`create table public.slow (id int);
			create function public.linger() returns trigger language plpgsql as
				'begin perform pg_sleep(3); return null; end';
			create constraint trigger linger after insert on public.slow
				deferrable initially deferred for each row execute function public.linger();
			grant insert on public.slow to ${roleOf("product")}`);
		let runs = 0;
		const work = connect("product").transaction(tx => {
			runs++;
			return tx.query({ name: "slow", text: "insert into public.slow values (1)" });
		});
		const failure = work.then(
			() => "committed",
			() => "unknown"
		);
		await until(async () => {
			const rows = await database.rows(`select pg_terminate_backend(pid) from pg_stat_activity
				where datname = current_database() and query = 'commit' and wait_event = 'PgSleep'`);
			return rows.length > 0;
		});
		expect([await failure, runs]).toEqual(["unknown", 1]);
	}, 20_000);

	it("stops between a statement and its commit at a failpoint", async () => {
		const db = connect("product");
		const point = "product.reserve.before_commit";
		const insert = {
			name: "insert",
			text: `insert into product.reservation_head (order_id, state)
				values ($1, 'released') returning current_setting('synchronous_commit') as waits`,
			beforeCommit: point
		} as const;
		arm({ point, mode: "throw" });
		await expect(db.deferred(insert, [randomUUID()])).rejects.toThrow("failpoint ");
		const count = { name: "count", text: "select count(*) as rows from product.reservation_head" };
		await expect(db.query(count)).resolves.toEqual([{ rows: 0 }]);
		arm({ point, mode: "delay", ms: 1 });
		await expect(db.deferred(insert, [randomUUID()])).resolves.toEqual([{ waits: "off" }]);
		await expect(db.query(count)).resolves.toEqual([{ rows: 1 }]);
		disarmAll();
	});

	it("bounds how long a statement, a lock and an idle transaction may last", async () => {
		const limits = {
			name: "limits",
			text: "select name, setting from pg_settings where name = any($1)"
		};
		const names = ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"];
		const rows = await connect("order").query<{ name: string; setting: string }>(limits, [names]);
		expect(Object.fromEntries(rows.map(({ name, setting }) => [name, setting]))).toEqual({
			statement_timeout: "5000",
			lock_timeout: "2000",
			idle_in_transaction_session_timeout: "10000"
		});
	});

	it("gives bigint as a number and numeric as text", async () => {
		const text = "select 9007199254740991::bigint as amount, 1.10::numeric as exact";
		await expect(connect("order").query({ name: "types", text })).resolves.toEqual([
			{ amount: Number.MAX_SAFE_INTEGER, exact: "1.10" }
		]);
	});

	describe("after a migration that changes what a statement answers", () => {
		const everything = { name: "everything", text: "select * from orders.added" };

		it.each([
			["a query", (db: Database) => db.query(everything)],
			["a transaction", (db: Database) => db.transaction(tx => tx.query(everything))]
		])("answers %s, whatever connection has the plan from before", async (_, read) => {
			const db = connect("order");
			await database.rows("create table orders.added as select 1 as one");
			await database.rows("grant select on orders.added to shop_orders");
			// Each connection of the pool has prepared it.
			await Promise.all(Array.from({ length: 8 }, () => read(db)));
			await database.rows("alter table orders.added add column two int default 2");
			const rows = await Promise.all(Array.from({ length: 8 }, () => read(db)));
			expect(rows).toEqual(Array(8).fill([{ one: 1, two: 2 }]));
			await database.rows("drop table orders.added");
		});
	});

	describe("in a transaction", () => {
		const insert = {
			name: "insert",
			text: `insert into idempotency.request (principal, action, key, request_hash, answer, is_answered)
				values ('test', $1, $2, '', '{}', true)`
		};
		const count = {
			name: "count",
			text: "select count(*) as rows from idempotency.request where action = $1"
		};

		it("rolls back when the work fails, and the connection stays usable", async () => {
			const db = connect("order");
			const work = db.transaction(async tx => {
				await tx.query(insert, ["undone", "a"]);
				await expect(tx.query(count, ["undone"])).resolves.toEqual([{ rows: 1 }]);
				throw new Error("changed my mind");
			});
			await expect(work).rejects.toThrow("changed my mind");
			await expect(db.query(count, ["undone"])).resolves.toEqual([{ rows: 0 }]);
		});

		it("commits when it succeeds", async () => {
			const db = connect("order");
			await db.transaction(async tx => {
				await tx.query(insert, ["kept", "a"]);
				await tx.query(insert, ["kept", "b"]);
			});
			await expect(db.query(count, ["kept"])).resolves.toEqual([{ rows: 2 }]);
		});

		it("refuses calls that leave the process", async () => {
			const work = connect("order").transaction(async () => refuseInsideTransaction("a call"));
			await expect(work).rejects.toThrow("a call inside a database transaction");
			refuseInsideTransaction("a call");
		});
	});
});

describe("refusedBySql", () => {
	it("is recognised of a statement that violated a constraint", async () => {
		const text = "update product.stock set reserved = on_hand + 1 where product_id = 'prod-001'";
		const error = await errorOf(connect("product").query({ name: "oversell", text }));
		expect(sqlState(error)).toBe("23514");
		expect(refusedBySql(error)).toBe(true);
	});

	it("is not assumed of a broken connection, whose commit may have succeeded", async () => {
		const text = "select pg_terminate_backend(pg_backend_pid())";
		const error = await errorOf(connect("order").query({ name: "die", text }));
		expect(error).toBeInstanceOf(Error);
		expect(refusedBySql(error)).toBe(false);
		expect(refusedBySql(new Error("read ECONNRESET"))).toBe(false);
		for (const code of ["ECONNRESET", "EPIPE"])
			expect(refusedBySql(Object.assign(new Error(), { code }))).toBe(false);
	});
});

describe("a service's role", () => {
	const pairs = services.flatMap(mine =>
		services.filter(theirs => theirs !== mine).map(theirs => [mine, theirs] as const)
	);

	/** But for the one that says which event log a shop uses: its rights are tested in streams/event-log.test.ts. */
	async function tablesOf(service: ServiceName): Promise<string[]> {
		const sql =
			"select tablename from pg_tables where schemaname = $1 and tablename <> 'event_log'";
		const rows = await database.rows<{ tablename: string }>(sql, [schemas[service]]);
		return rows.map(({ tablename }) => `${schemas[service]}.${tablename}`);
	}

	it.each(services)("of %s reads its own tables", async service => {
		const tables = await tablesOf(service);
		expect(tables.length).toBeGreaterThan(0);
		for (const table of tables)
			await connect(service).query({ name: `read ${table}`, text: `select from ${table} limit 1` });
	});

	it.each(pairs)("of %s cannot access the tables of %s", async (mine, theirs) => {
		const db = connect(mine);
		for (const table of await tablesOf(theirs))
			for (const text of [`select from ${table}`, `delete from ${table}`])
				await expectSqlState(db.query({ name: text, text }), "42501");
	});

	it.each(services)("of %s owns nothing and cannot create tables", async service => {
		const text = `create table ${schemas[service]}.mine (id int)`;
		await expectSqlState(connect(service).query({ name: text, text }), "42501");
		const [role] = await database.rows(
			"select rolsuper, rolcreatedb, rolcreaterole from pg_roles where rolname = $1",
			[roleOf(service)]
		);
		expect(role).toEqual({ rolsuper: false, rolcreatedb: false, rolcreaterole: false });
	});

	/** Every way to change or remove rows of a table, a column at a time. */
	async function alterations(table: string, except: string[] = []): Promise<string[]> {
		const columns = await database.rows<{ name: string }>(
			`select attname as name from pg_attribute
			where attrelid = $1::regclass and attnum > 0 and not attisdropped and attidentity = ''`,
			[table]
		);
		const changed = columns.map(({ name }) => name).filter(name => !except.includes(name));
		return [
			...changed.map(name => `update ${table} set ${name} = ${name}`),
			`delete from ${table}`,
			`truncate ${table}`
		];
	}

	it.each([
		["analytics", "analytics.late_events", []],
		["analytics", "analytics.outbox", ["published_at"]],
		["order", "orders.history", []],
		["order", "orders.outbox", ["published_at"]],
		["payment", "payment.events", []],
		["payment", "payment.psp_inbox", []],
		["product", "product.outbox", ["taken_at", "published_at"]],
		["product", "product.stock_ledger", []],
		["product", "product.reservation", ["restocked"]],
		["product", "product.return_restocks", []]
	] as const)(
		"of %s adds rows to %s, and can change and remove none",
		async (mine, table, except) => {
			for (const text of await alterations(table, [...except]))
				await expectSqlState(
					connect(mine).query({ name: text, text }),
					"42501",
					"permission denied"
				);
		}
	);

	const readKey = { name: "key", text: "select answer from idempotency.request where key = $1" };
	const takeKey = {
		name: "take",
		text: `insert into idempotency.request (principal, key, action, request_hash, answer, is_answered)
			values ('alice', $1, 'test', '', '{"a": 1}', $2) on conflict do nothing returning key`
	};
	const answer = {
		name: "answer",
		text: `update idempotency.request set answer = '{}', is_answered = true where key = $1 returning key`
	};

	it.each([
		["order", "payment"],
		["payment", "product"],
		["product", "order"]
	] as const)("of %s finds a key of %s taken, and not its response", async (mine, theirs) => {
		const key = `${mine} and ${theirs}`;
		expect(await connect(theirs).query(takeKey, [key, false])).toHaveLength(1);
		expect(await connect(mine).query(takeKey, [key, false])).toEqual([]);
		expect(await connect(mine).query(readKey, [key])).toEqual([]);
		expect(await connect(mine).query(answer, [key])).toEqual([]);
		expect(await connect(theirs).query(answer, [key])).toHaveLength(1);
	});

	it.each(["order", "payment", "product"] as const)(
		"of %s answers a request once, and changes nothing else of it",
		async service => {
			const db = connect(service);
			await db.query(takeKey, [service, true]);
			expect(await db.query(answer, [service])).toEqual([]);
			expect(await db.query(readKey, [service])).toEqual([{ answer: { a: 1 } }]);
			const table = "idempotency.request";
			for (const text of await alterations(table, ["answer", "is_answered"]))
				await expectSqlState(db.query({ name: text, text }), "42501", "permission denied");
		}
	);

	it("of order cannot change the terms of a placed order", async () => {
		for (const column of ["user_id", "items", "total_minor", "payment_method", "created_at"]) {
			const text = `update orders.orders set ${column} = ${column}`;
			await expectSqlState(connect("order").query({ name: text, text }), "42501");
		}
	});

	it("needs its password", async () => {
		const url = new URL(serviceUrl(database.url, "order"));
		url.password = "guess";
		const client = new pg.Client({ connectionString: url.toString() });
		await expectSqlState(client.connect(), "28P01");
	});
});
