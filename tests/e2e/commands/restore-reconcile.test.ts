import type { ServiceBroker } from "moleculer";
import pg from "pg";
import { analytics, type WindowStreamEvent } from "../../../contracts/analytics.ts";
import type { OrderStreamEvent } from "../../../contracts/events.ts";
import { newId } from "../../../lib/id.ts";
import { call } from "../../../lib/service.ts";
import { EngineLog } from "../../../services/analytics/ownership/engine-log.ts";
import type { Message } from "../../../streams/driver.ts";
import { KafkaDriver } from "../../../streams/kafka/kafka.driver.ts";
import { readToEnd } from "../../../streams/read-to-end.ts";
import { testDatabase, type TestDatabase } from "../../support/servers/database.ts";
import {
	describeKafka,
	kafkaWithinMs,
	testKafka,
	type TestKafka
} from "../../support/servers/kafka.ts";
import { startNode } from "../../support/servers/start-node.ts";
import { buildOrderEvent, type OrderEventSpec } from "../../support/streams/order-message.ts";
import { run } from "../../support/servers/processes.ts";
import { temporaryFolder } from "../../support/servers/temporary-folder.ts";
import { until } from "../../support/until.ts";
import { admin, as } from "../../support/shop/callers.ts";
import { newTokenKey } from "../../support/shop/token-key.ts";
import { allServices } from "../../support/shop/services.ts";

/** A shop's database is restored to an earlier moment, and its Kafka is not (docs/decisions/0018). */

const minute = Math.floor(Date.now() / 60_000) * 60_000 - 10 * 60_000;
const orders = { kept: newId(), sameMinute: newId(), otherMinute: newId(), after: newId() };
const tokenKey = newTokenKey();

let kafka: TestKafka;
let driver: KafkaDriver;
let lost: TestDatabase;
let database: TestDatabase;
let broker: ServiceBroker | undefined;

const environmentOf = ({ url }: TestDatabase) => ({
	DATABASE_URL: url,
	KAFKA_BROKERS: kafka.brokers,
	DATA_DIR: temporaryFolder(),
	LOG_LEVEL: "fatal",
	...tokenKey
});

async function start(on: TestDatabase): Promise<void> {
	broker = await startNode(allServices, environmentOf(on));
}

async function stop(): Promise<void> {
	await broker?.stop();
	broker = undefined;
}

/** The order service's relay publishes it as if the service had written it. */
async function insertEvent(on: TestDatabase, version: number, spec: OrderEventSpec): Promise<void> {
	const { type, data, time } = buildOrderEvent(spec);
	await on.rows(
		"insert into orders.outbox (order_id, user_id, version, type, occurred_at, payload) values ($1, $2, $3, $4, $5, $6)",
		[data.order_id, data.user_id, version, type, time, JSON.stringify(data)]
	);
}

/** Emitted windows; moves time forward for idle partitions. */
async function emittedWindows(on: TestDatabase): Promise<number[][]> {
	await on.rows("update analytics.partitions set heard_at = heard_at - interval '1 minute'");
	await on.rows("update analytics.windows set emitted_at = emitted_at - interval '1 minute'");
	const rows = await on.rows<{ at: Date; orders: number; revenue: number; revision: number }>(
		`select window_start as at, orders, revenue_minor::float8 as revenue, revision
		from analytics.results order by 1`
	);
	return rows.map(row => [
		(row.at.getTime() - minute) / 60_000,
		row.orders,
		row.revenue,
		row.revision
	]);
}

/**
 * Waits for these results, and until they are published.
 * @param wanted each with the least revision: a window may be emitted between two of its events
 */
const untilEmitted = (on: TestDatabase, wanted: number[][]) =>
	until(async () => {
		const left = "select 1 from analytics.outbox where published_at is null";
		const found = await emittedWindows(on);
		const isThere = ([at, sold, revenue, revision]: number[], n: number) =>
			String(found[n]?.slice(0, 3)) === String([at, sold, revenue]) && found[n]![3]! >= revision!;
		const is = found.length === wanted.length && wanted.every(isThere);
		return is && (await on.rows(left)).length === 0;
	}, 40_000);

async function messagesOf(topic: string): Promise<Message[]> {
	const found: Message[] = [];
	await readToEnd({ driver, topic, take: async messages => void found.push(...messages) });
	return found;
}

/** As if restored from a backup taken now. */
async function copyOf({ url }: TestDatabase): Promise<TestDatabase> {
	const name = new URL(url).pathname.slice(1);
	const client = new pg.Client({ connectionString: process.env.TEST_DATABASE_URL });
	await client.connect();
	await client.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", [
		name
	]);
	await client.end();
	return testDatabase(name);
}

const restored = (...args: string[]) => run("restore-reconcile.ts", args, environmentOf(database));
const verify = (subject: string) => run("verify.ts", [subject], environmentOf(database));
const epochOfNext = async () => {
	const [column] = await database.rows<{ epoch: string }>(
		"select column_default as epoch from information_schema.columns where table_schema = 'orders' and table_name = 'outbox' and column_name = 'epoch'"
	);
	return column!.epoch;
};
const mailsAbout = (order: string) =>
	database.rows("select 1 from notification.mailbox where order_id = $1", [order]);

describeKafka("a database that was restored to an earlier moment", () => {
	beforeAll(async () => {
		kafka = await testKafka();
		driver = new KafkaDriver({ brokers: [kafka.brokers] });
		lost = await testDatabase();
		await start(lost);
		await insertEvent(lost, 2, { order_id: orders.kept, at: minute, total: 1000 });
		await untilEmitted(lost, [[0, 1, 1000, 1]]);
		await stop();
		database = await copyOf(lost);
		await start(lost);
		await insertEvent(lost, 2, { order_id: orders.sameMinute, at: minute + 1, total: 500 });
		await insertEvent(lost, 2, { order_id: orders.otherMinute, at: minute + 60_000, total: 70 });
		await insertEvent(lost, 3, { type: "order.shipped", order_id: orders.kept, total: 1000 });
		await untilEmitted(lost, [
			[0, 2, 1500, 2],
			[1, 1, 70, 1]
		]);
		await until(async () => {
			const rows = await lost.rows("select 1 from orders.outbox where published_at is null");
			return rows.length === 0;
		});
		await stop();
	}, kafkaWithinMs);

	afterAll(async () => {
		await stop();
		await driver?.close();
		await kafka?.stop();
		await database?.drop();
		await lost?.drop();
	}, 60_000);

	it("lacks events of the log, which are found and printed", async () => {
		const found = await verify("stream");
		expect(found.code).toBe(1);
		expect(found.output).toContain("3 differences.");
		const { code, output } = await restored("--dry-run");
		expect(code).toBe(0);
		expect(output).toContain(
			`order.confirmed, version 2 of order ${orders.sameMinute} of user-123, 500 USD`
		);
		expect(output).toContain(`order.shipped, version 3 of order ${orders.kept} of user-123`);
		expect(output).toMatch(/^3 events that the database does not know\.$/m);
		expect(await database.rows("select 1 from orders.voided")).toEqual([]);
	}, 60_000);

	it("begins an epoch in which none of those events is applied", async () => {
		const { code, output } = await restored();
		expect(output).toMatch(/^Epoch 2 begins: 3 events voided, 2 windows will be emitted again\.$/m);
		expect(code).toBe(0);
		expect((await verify("stream")).output).toBe("No differences in stream.\n");
		await start(database);
		await insertEvent(database, 3, { type: "order.delivered", order_id: orders.kept, total: 1000 });
		await insertEvent(database, 2, { order_id: orders.after, at: minute + 60_002, total: 9 });
		await untilEmitted(database, [
			[0, 1, 1000, 3],
			[1, 1, 9, 2]
		]);
		await until(async () => (await mailsAbout(orders.after)).length === 1);
		for (const order of [orders.sameMinute, orders.otherMinute])
			expect(await mailsAbout(order)).toEqual([]);
		expect((await verify("analytics")).output).toBe("No differences in analytics.\n");
	}, 90_000);

	it("publishes events that differ from the void ones by their epoch, and readers see the latest results", async () => {
		const events = (await messagesOf("orders")).map(
			({ value }) => JSON.parse(value.toString()) as OrderStreamEvent
		);
		const third = events.filter(
			({ subject, sequence }) => subject === orders.kept && sequence === "3"
		);
		expect(third.map(({ type, epoch }) => [type, epoch])).toEqual([
			["order.shipped", undefined],
			["order.delivered", 2]
		]);
		const last = new Map<string, WindowStreamEvent["data"]>();
		for (const { key, value } of await messagesOf("analytics-results")) {
			const { data } = JSON.parse(value.toString()) as WindowStreamEvent;
			if (data.revision > (last.get(key!)?.revision ?? 0)) last.set(key!, data);
		}
		const emitted = await database.rows<{ revenue: number; revision: number }>(
			"select revenue_minor::float8 as revenue, revision from analytics.results order by window_start"
		);
		const read = [...last.values()].sort((a, b) => a.window_start.localeCompare(b.window_start));
		expect(read.map(({ revenue, revision }) => ({ revenue, revision }))).toEqual(emitted);
		expect(read.map(({ revenue }) => revenue)).toEqual([1000, 9]);
	}, 60_000);

	it("counts no void event in a replay, and refuses to run while the shop runs", async () => {
		const ask = as(admin);
		const { "stream.replay": replay, "stream.lag": lag } = analytics.actions;
		await call(broker!, replay, { from: "oldest" }, ask);
		await until(async () => !(await call(broker!, lag, {}, ask)).replay, 20_000);
		expect((await verify("analytics")).output).toBe("No differences in analytics.\n");
		const { code, output } = await restored();
		expect([code, output]).toEqual([1, "The shop runs on this database: stop it first.\n"]);
	}, 60_000);

	it("refuses to run while Flink publishes the windows, and names the command that lets it", async () => {
		await stop();
		const log = new EngineLog(driver);
		for (const step of ["release", "take"] as const) await log.append({ engine: "flink", step });
		await log.close();
		for (const args of [["--dry-run"], []])
			expect(await restored(...args)).toEqual({
				code: 1,
				output: expect.stringMatching(
					/^The windows are published by the Flink job.* npm run stream -- engine builtin first\.$/m
				)
			});
		expect(await epochOfNext()).toBe("2");
		const own = environmentOf(database);
		const handedOver = await run("stream.ts", ["engine", "builtin", "--wait", "0"], own);
		expect(handedOver.code).toBe(0);
		expect((await restored()).code).toBe(0);
		expect(await epochOfNext()).toBe("3");
	}, 120_000);
});

it.each([
	["restore-reconcile.ts", []],
	["restore-reconcile.ts", ["--dry-run"]],
	["verify.ts", ["stream"]]
])(
	"%s %j says in a sentence that Kafka does not answer",
	async (command, args) => {
		const own = await testDatabase();
		const env = { DATABASE_URL: own.url, KAFKA_BROKERS: "127.0.0.1:1" };
		const { code, output } = await run(command, args, env);
		await own.drop();
		expect([code, output]).toEqual([
			1,
			expect.stringMatching(/^No Kafka answers at 127\.0\.0\.1:1 \(KAFKA_BROKERS\): [^\n]*\n$/)
		]);
	},
	60_000
);

it("requires Kafka, because a log in Postgres is restored together with the database", async () => {
	const { code, output } = await run("restore-reconcile.ts", [], {
		DATABASE_URL: "postgres://shop:x@localhost/x"
	});
	expect([code, output]).toEqual([
		78,
		expect.stringContaining("Set DATABASE_URL and KAFKA_BROKERS")
	]);
});
