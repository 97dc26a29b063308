import { Sequelize } from "sequelize";
import { Proxy } from "../../../chaos/cluster/proxy.ts";
import { newClient } from "../../../db/client.ts";
import { Database, roleOf, serviceUrl } from "../../../db/database.ts";
import { sequelizeDriver } from "../../../db/sequelize-driver.ts";
import { databaseFault, refusedBySql } from "../../../lib/database-error.ts";
import { within } from "../../../lib/retry.ts";
import { errorOf } from "../../support/expect-failure.ts";
import { startUnaccepting } from "../../support/servers/unaccepting.ts";
import { useDatabase } from "../../support/servers/use-database.ts";

/** A server whose answers are lost, on connections that are never reset. */

const database = useDatabase();
const one = { name: "one", text: "select 1 as one" };
const insert = { name: "insert", text: "insert into public.silent values (1)" };

let proxy: Proxy;
beforeAll(async () => {
	proxy = await Proxy.open(serviceUrl(database.url, "order"));
	database.defer(() => proxy.close());
	await database.rows(
		`create table public.silent (id int); grant select, insert on public.silent to ${roleOf("order")}`
	);
});
afterEach(() => {
	proxy.mode = "pass";
});

function connect(pool: number, url = proxy.url): Database {
	const db = new Database({ url, pool, durability: "prefix", name: "silent" });
	database.defer(() => db.close());
	return db;
}

function models(url = proxy.url): Sequelize {
	const sequelize = new Sequelize(url, {
		dialectModule: sequelizeDriver,
		logging: false,
		pool: { max: 1, idle: 60_000 }
	});
	database.defer(() => sequelize.close());
	return sequelize;
}

interface Connected {
	/** Waits for an answer: on the connection that is silent by then, or on a new one. */
	use(): Promise<unknown>;
	/** Resolves when there is a connection. */
	isReady: Promise<unknown>;
}

/** Each way to wait for an answer of Postgres. */
const ways: Record<string, () => Connected> = {
	"a query": () => {
		const db = connect(1);
		return { isReady: db.query(one), use: () => db.query(one) };
	},
	"a deferred query": () => {
		const db = connect(1);
		return { isReady: db.deferred(one), use: () => db.deferred(one) };
	},
	"the beginning of a transaction": () => {
		const db = connect(1);
		return { isReady: db.query(one), use: () => db.transaction(tx => tx.query(one)) };
	},
	"a statement of a session": () => {
		const opened = connect(1).session({ onLost: () => undefined });
		database.defer(async () => (await opened).close());
		return { isReady: opened, use: async () => (await opened).query(one) };
	},
	"a query of a model": () => {
		const sequelize = models();
		return { isReady: sequelize.query("select 1"), use: () => sequelize.query("select 1") };
	},
	"a command": () => {
		const client = newClient({ connectionString: proxy.url, answerWithinMs: 3000 });
		return { isReady: client.connect(), use: () => client.query("select 1") };
	}
};

it("fails each wait on a silent connection as an unavailable database, and the next one succeeds", async () => {
	const names = Object.keys(ways);
	const connected = names.map(name => ways[name]!());
	await Promise.all(connected.map(({ isReady }) => isReady));
	proxy.silence();
	const errors = await Promise.all(
		connected.map(({ use }) =>
			within(
				30_000,
				errorOf(use()).catch(() => "answered")
			)
		)
	);
	expect(Object.fromEntries(names.map((name, n) => [name, databaseFault(errors[n])]))).toEqual(
		Object.fromEntries(names.map(name => [name, "unavailable"]))
	);
	for (const [n, name] of names.entries())
		if (!/session|command/.test(name)) await connected[n]!.use();
}, 60_000);

it("loses no place of a pool to connections without an answer", async () => {
	const db = connect(2);
	const sleep = { name: "sleep", text: "select pg_sleep(0.5)" };
	await Promise.all([db.query(sleep), db.query(sleep)]);
	proxy.silence();
	const lost = Array.from({ length: 6 }, () => errorOf(db.query(one)));
	for (const error of await Promise.all(lost)) expect(databaseFault(error)).toBe("unavailable");
	await Promise.all(Array.from({ length: 6 }, () => db.query(sleep)));
	const connections = await database.rows(
		"select 1 from pg_stat_activity where application_name = 'silent' and query = $1",
		[sleep.text]
	);
	expect(connections.length).toBeGreaterThanOrEqual(2);
}, 60_000);

it("waits a bounded time for a connection that is never made", async () => {
	proxy.mode = "stall";
	const db = connect(1);
	const error = await within(20_000, errorOf(db.query(one)));
	expect(databaseFault(error)).toBe("unavailable");
	proxy.mode = "pass";
	await db.query(one);
}, 40_000);

it("waits a bounded time for a server that takes no connection", async () => {
	const server = await startUnaccepting();
	database.defer(() => server.stop());
	const url = new URL(proxy.url);
	url.port = String(server.port);
	const [db, sequelize] = [connect(1, url.toString()), models(url.toString())];
	const attempts: Record<string, () => Promise<unknown>> = {
		"a query": () => db.query(one),
		"a query of a model": () => sequelize.query("select 1"),
		"a command": () => newClient({ connectionString: url.toString() }).connect()
	};
	const names = Object.keys(attempts);
	// The kernel would give up after two minutes.
	const errors = await Promise.all(names.map(name => within(20_000, errorOf(attempts[name]!()))));
	expect(Object.fromEntries(names.map((name, n) => [name, databaseFault(errors[n])]))).toEqual(
		Object.fromEntries(names.map(name => [name, "unavailable"]))
	);
}, 40_000);

it("gives a commit without an answer up once, because its outcome is unknown", async () => {
	let runs = 0;
	const db = connect(1);
	const work = db.transaction(async tx => {
		runs++;
		await tx.query(insert);
		proxy.silence();
	});
	const error = await within(30_000, errorOf(work));
	expect([databaseFault(error), refusedBySql(error), runs]).toEqual(["unavailable", false, 1]);
	await db.query(one);
}, 60_000);

it("waits for a long statement that a transaction allows, and not in the next one", async () => {
	const db = connect(1);
	const long = { name: "long", text: "select pg_sleep(8)" };
	await db.transaction(async tx => {
		await tx.allowLongStatements();
		await tx.query(long);
	});
	const error = await errorOf(db.query(long));
	expect(databaseFault(error)).toBe("overdue");
}, 60_000);

it("closes a connection that does not answer a goodbye", async () => {
	const client = newClient({ connectionString: proxy.url });
	await client.connect();
	proxy.silence();
	const isClosed = within(
		20_000,
		client.end().then(() => true)
	);
	expect(await isClosed).toBe(true);
}, 30_000);
