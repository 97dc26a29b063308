import { usersOfLog } from "../../../config/node-servers.ts";
import { withClient } from "../../../db/client.ts";
import { serviceUrl } from "../../../db/database.ts";
import { claimLog, type LogKind } from "../../../db/event-log.ts";
import { migrate, migrations } from "../../../db/migrate.ts";
import { until } from "../../support/until.ts";
import { connect, testDatabase, type TestDatabase } from "../../support/servers/database.ts";

/** The row that says which event log a shop uses. */

let database: TestDatabase;
beforeEach(async () => {
	database = await testDatabase();
});
afterEach(() => database.drop());

async function claim(service: Parameters<typeof serviceUrl>[1], kind: LogKind) {
	await using stack = new AsyncDisposableStack();
	const db = connect(database, service, 1);
	stack.defer(() => db.close());
	return await claimLog(db, kind);
}

it("is of the first that claims it, for every service that uses the log", async () => {
	for (const service of usersOfLog) expect(await claim(service, "kafka")).toBe("kafka");
	for (const service of usersOfLog) expect(await claim(service, "postgres")).toBe("kafka");
});

it("is of one kind, however many claim it at once", async () => {
	const claims = Array.from({ length: 20 }, (_, n) => claim("order", n % 2 ? "kafka" : "postgres"));
	expect(["kafka,", "postgres,"]).toContain(`${[...new Set(await Promise.all(claims))].join()},`);
	expect(await database.rows("select kind from streams.event_log")).toHaveLength(1);
});

it("is known at once to one that waited for another's claim", async () => {
	const first = await withClient(database.url, async client => {
		await client.query("begin");
		await client.query("insert into streams.event_log (kind) values ('kafka')");
		const waiting = claim("order", "postgres");
		const waits = "select 1 from pg_locks where not granted and locktype = 'transactionid'";
		await until(async () => (await database.rows(waits)).length > 0);
		await client.query("commit");
		return waiting;
	});
	expect(first).toBe("kafka");
});

it.each(["update streams.event_log set kind = 'kafka'", "delete from streams.event_log"])(
	"is not changed by a service: %s",
	async sql => {
		await claim("order", "postgres");
		const asService = withClient(serviceUrl(database.url, "order"), client => client.query(sql));
		await expect(asService).rejects.toMatchObject({ code: "42501" });
	}
);

describe("of a database from before it", () => {
	beforeEach(async () => {
		await database.drop();
		database = await testDatabase("template1");
		const isBefore = ({ service, file }: { service: string; file: string }) =>
			service !== "stream" || file < "0006";
		await migrate(database.url, (await migrations()).filter(isBefore));
		await database.rows(
			"insert into streams.topic (name, cleanup, retention_ms) values ('orders', 'delete', 1)"
		);
		await database.rows("insert into streams.partition (topic, partition) values ('orders', 0)");
	});

	const kinds = async () => {
		await migrate(database.url);
		return database.rows("select kind from streams.event_log");
	};

	it("is Postgres where its log was written to, also when all messages have expired", async () => {
		await database.rows("update streams.partition set next_offset = 7");
		expect(await kinds()).toEqual([{ kind: "postgres" }]);
	});

	it("is not set where its log was not written to", async () => {
		expect(await kinds()).toEqual([]);
		expect(await claim("order", "kafka")).toBe("kafka");
	});
});
