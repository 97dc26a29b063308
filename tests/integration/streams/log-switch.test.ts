import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { ServiceBroker } from "moleculer";
import pg from "pg";
import { analytics } from "../../../contracts/analytics.ts";
import { notification } from "../../../contracts/notification.ts";
import { newId } from "../../../lib/id.ts";
import { call } from "../../../lib/service.ts";
import { KafkaDriver } from "../../../streams/kafka/kafka.driver.ts";
import { expectFailure } from "../../support/expect-failure.ts";
import { connect, testDatabase, type TestDatabase } from "../../support/servers/database.ts";
import {
	describeKafka,
	kafkaWithinMs,
	testKafka,
	type TestKafka
} from "../../support/servers/kafka.ts";
import { launch, run, type Ended } from "../../support/servers/processes.ts";
import { startNode } from "../../support/servers/start-node.ts";
import { temporaryFolder } from "../../support/servers/temporary-folder.ts";
import { admin, as } from "../../support/shop/callers.ts";
import { allServices } from "../../support/shop/services.ts";
import { newTokenKey } from "../../support/shop/token-key.ts";
import { buildOrderEvent, type OrderEventSpec } from "../../support/streams/order-message.ts";
import { streamDriver } from "../../support/streams/stream-driver.ts";
import { until } from "../../support/until.ts";

/** What consumers make of the events when their shop moves from the log in Postgres to Kafka, back, and once more. */

jest.setTimeout(90_000);

const agoOf = (minutes: number) => Date.now() - minutes * 60_000;
const instantOf = (minutes: number) => new Date(agoOf(minutes)).toISOString();
const consumers = [analytics, notification];

let kafka: TestKafka;
let database: TestDatabase;
let broker: ServiceBroker | undefined;
let inPostgres: Record<string, string>;
let inKafka: Record<string, string>;
let logged: jest.SpyInstance;

const rows = <R extends pg.QueryResultRow>(sql: string, values?: unknown[]) =>
	database.rows<R>(sql, values);
const isEmpty = async (sql: string) => (await rows(sql)).length === 0;
const switchLog = (env: Record<string, string>, ...args: string[]) =>
	run("log-switch.ts", args, env);

async function start(env: Record<string, string>): Promise<void> {
	logged = jest.spyOn(console, "error").mockImplementation();
	broker = await startNode(allServices, env);
}

async function stop(): Promise<void> {
	await broker?.stop();
	broker = undefined;
	const lines = logged.mock.calls.flat().map(String);
	logged.mockRestore();
	expect(lines.filter(line => line.includes("events were lost"))).toEqual([]);
}

const unpublished = "select 1 from orders.outbox where published_at is null and not quiet";
const unfinished = `${unpublished}
	union all select 1 from notification.notifications where state in ('pending', 'sending')`;
const lagsOf = () =>
	Promise.all(consumers.map(({ actions }) => call(broker!, actions["stream.lag"], {}, as(admin))));

/** Until all events are published and handled, and all messages sent. */
async function settle(): Promise<void> {
	await until(async () => {
		if (!(await isEmpty(unfinished))) return false;
		const lags = await lagsOf().catch(() => []);
		const isDone = lags.length > 0 && lags.every(({ waiting, replay }) => !waiting && !replay);
		return isDone && isEmpty(unfinished);
	}, 40_000);
}

/** The order service's relay publishes it as if the service had written it. */
async function insertEvent(spec: OrderEventSpec): Promise<void> {
	const { type, data, time } = buildOrderEvent(spec);
	await rows(
		"insert into orders.outbox (order_id, user_id, version, type, occurred_at, payload) values ($1, $2, 2, $3, $4, $5)",
		[data.order_id, data.user_id, type, time, JSON.stringify(data)]
	);
}

/** What the consumers have made of the events. */
const effects = async () => ({
	windows: await rows(
		"select window_start, currency, orders, revenue_minor, unique_users from analytics.windows order by 1, 2"
	),
	mails: await rows("select order_id, subject from notification.mailbox order by 1, 2")
});

const deadLetters = () =>
	rows<{ id: string; log: number }>(
		"select id, log from analytics.dead_letter where redriven_at is null order by log, at"
	);

async function replay(from: string): Promise<void> {
	await call(broker!, analytics.actions["stream.replay"], { from }, as(admin));
	await settle();
}

describeKafka("a shop that moves its event log", () => {
	beforeAll(async () => {
		[kafka, database] = await Promise.all([testKafka(), testDatabase()]);
		const common = { DATABASE_URL: database.url, DATA_DIR: temporaryFolder(), ...newTokenKey() };
		inPostgres = common;
		inKafka = { ...common, KAFKA_BROKERS: kafka.brokers };
		await start(inPostgres);
		await insertEvent({ at: agoOf(180), total: 700 });
		for (const user_id of ["user-123", "user-456", "user-support"])
			await insertEvent({ at: agoOf(10), total: 500, user_id });
		await settle();
		await rows(
			"update analytics.inbox set at = now() - interval '3 hours' where event_id = (select event_id from orders.events order by occurred_at limit 1)"
		);
		const log = streamDriver(database, 2);
		await log.publish("orders", [{ key: "k", value: "{ no JSON" }]);
		await log.close();
		await until(async () => (await deadLetters()).length === 1, 20_000);
		await stop();
	}, kafkaWithinMs);

	afterAll(async () => {
		await broker?.stop();
		await kafka?.stop();
		await database?.drop();
	}, 60_000);

	/** Does the work when the move has refilled the outboxes, and is about to let consumers begin with the new log. */
	async function inTheMiddle(work: (child: ChildProcess) => unknown): Promise<Ended> {
		const client = new pg.Client({ connectionString: database.url });
		await client.connect();
		await client.query("begin; lock table streams.event_log in access share mode");
		const { child, output } = launch("log-switch.ts", [], inKafka);
		const closed = once(child, "close");
		const waiting =
			"select 1 from pg_locks where relation = 'streams.event_log'::regclass and not granted";
		await until(async () => !(await isEmpty(waiting)), 30_000);
		await work(child);
		await client.end();
		await closed;
		await until(() => isEmpty(waiting));
		expect(await isEmpty(unpublished)).toBe(false);
		expect(await rows("select kind from streams.event_log")).toEqual([{ kind: "postgres" }]);
		return { code: child.exitCode, output: output() };
	}

	it("is not moved when a node is started meanwhile", async () => {
		await using stack = new AsyncDisposableStack();
		const { code, output } = await inTheMiddle(async () => {
			const db = connect(database, "analytics", 1);
			stack.defer(() => db.close());
			await db.query({ name: "look", text: "select 1" });
		});
		expect([code, output]).toEqual([1, expect.stringMatching(/^A node of the shop was started/m)]);
	});

	it("stays on its log when the move is killed in the middle", async () => {
		const before = await effects();
		await inTheMiddle(child => child.kill("SIGKILL"));
		await start(inPostgres);
		await settle();
		await stop();
		expect(await effects()).toEqual(before);
	});

	it("is not moved while a replay that resets effects has not ended", async () => {
		await rows(
			"update analytics.position set replay_mode = 'again', replay_until = next_offset + 1 where next_offset > 0"
		);
		const { code, output } = await switchLog(inKafka);
		expect([code, output]).toEqual([
			1,
			expect.stringMatching(/^A replay of analytics has not ended: .*\n$/)
		]);
		await rows("update analytics.position set replay_mode = null, replay_until = null");
	});

	it("is not moved without events that a consumer has not handled", async () => {
		const [lost] = await rows<{ event_id: string }>(
			"delete from notification.inbox where event_id = (select event_id from orders.events order by occurred_at limit 1) returning event_id"
		);
		const { code, output } = await switchLog(inKafka, "--from", instantOf(60));
		expect([code, output]).toEqual([
			1,
			expect.stringMatching(/^Consumers have not handled all events from .*: choose --from .*\n$/)
		]);
		await rows("insert into notification.inbox (event_id) values ($1)", [lost!.event_id]);
	});

	it("applies nothing twice, keeps dead letters and replays all", async () => {
		const before = await effects();
		const [old] = await deadLetters();
		// A partition that the new log does not have, and that would delay its windows for ever.
		await rows(
			"insert into analytics.partitions (topic, partition, next_offset, end_offset) values ('orders', 99, 0, 5)"
		);
		expect(await switchLog(inKafka)).toMatchObject({ code: 0 });
		expect(await isEmpty("select 1 from streams.message")).toBe(true);
		expect(await isEmpty("select 1 from analytics.partitions where partition = 99")).toBe(true);
		await start(inKafka);
		await settle();
		expect(await effects()).toEqual(before);
		for (const from of [instantOf(240), "oldest"]) {
			await replay(from);
			expect(await effects()).toEqual(before);
		}
		const driver = new KafkaDriver({ brokers: [kafka.brokers] });
		await driver.publish("orders", [{ key: "k", value: "{ no JSON either" }]);
		await driver.close();
		await until(async () => (await deadLetters()).length === 2, 30_000);
		expect(await deadLetters()).toMatchObject([old, { log: 1 }]);
		await expectFailure(
			call(broker!, analytics.actions["dlq.redrive"], { id: old!.id }, as(admin)),
			"REDRIVE_FAILED"
		);
		await insertEvent({ at: agoOf(5), total: 900 });
		await settle();
		expect((await effects()).mails).toHaveLength(before.mails.length + 1);
		await stop();
	});

	it("comes back to an empty log in Postgres", async () => {
		const before = await effects();
		expect(await switchLog(inPostgres)).toMatchObject({ code: 0 });
		await start(inPostgres);
		await settle();
		expect(await effects()).toEqual(before);
		await replay(instantOf(240));
		expect(await effects()).toEqual(before);
		await insertEvent({ at: agoOf(4), total: 50 });
		await settle();
		await stop();
		expect((await effects()).windows).not.toEqual(before.windows);
	});

	it("goes on behind what Kafka has of before, and refuses replays of what it was not given", async () => {
		const before = await effects();
		const { code, output } = await switchLog(inKafka, "--from", instantOf(60));
		expect(code).toBe(0);
		expect(output).toMatch(/^5 order events since /m);
		const behind =
			"select sum(next_offset)::int as sum from analytics.partitions where topic = 'orders'";
		const [read] = await rows<{ sum: number }>(behind);
		expect(read!.sum).toBeGreaterThan(5);
		await start(inKafka);
		await settle();
		expect(await effects()).toEqual(before);
		expect(await deadLetters()).toHaveLength(2);
		await expectFailure(replay(instantOf(240)), "LOG_TOO_SHORT");
		await expectFailure(replay("oldest"), "LOG_TOO_SHORT");
		expect(await effects()).toEqual(before);
		await replay(instantOf(30));
		expect(await effects()).toEqual(before);
		await insertEvent({ at: agoOf(3), total: 50, order_id: newId() });
		await settle();
		expect((await effects()).mails).toHaveLength(before.mails.length + 1);
		await stop();
		expect((await run("verify.ts", ["analytics"], inKafka)).output).toBe(
			"No differences in analytics.\n"
		);
	});
});
