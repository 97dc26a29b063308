import { consumerGroups } from "../../../contracts/streams.ts";
import { rows } from "../../../db/client.ts";
import { runningShop } from "../../../launch/shop/running-shop.ts";
import { signIn } from "../../support/shop/api-client.ts";
import {
	describeKafka,
	kafkaWithinMs,
	testKafka,
	type TestKafka
} from "../../support/servers/kafka.ts";
import { run, startShop, type Running } from "../../support/servers/processes.ts";
import { temporaryFolder } from "../../support/servers/temporary-folder.ts";
import { address } from "../../support/shop/orders.ts";
import { until } from "../../support/until.ts";

/**
 * `npm start` on the embedded Postgres, before and after its event log moves to Kafka. What consumers make of other moves:
 * tests/integration/streams/log-switch.test.ts.
 */

const body = {
	items: [{ product_id: "prod-001", quantity: 1 }],
	shipping_address: address,
	payment_method: "pm_card_visa"
};
const inPostgres =
	"The events of this shop are in the log in Postgres, and its settings name Kafka: unset KAFKA_BROKERS, or stop the shop and move them with npm run log:switch.\n";
const inKafka =
	"The events of this shop are in Kafka, and its settings name the log in Postgres: set KAFKA_BROKERS, or stop the shop and move them with npm run log:switch.\n";

const startedAt = new Date(Date.now() - 120_000).toISOString();
const common = { DATA_DIR: temporaryFolder() };
let kafka: TestKafka;
let overKafka: Record<string, string>;
let shop: Running | undefined;

const switchLog = (env: Record<string, string>, ...args: string[]) =>
	run("log-switch.ts", args, env);
const databaseUrl = () => runningShop(common.DATA_DIR)!.databaseUrl;

const unfinished = `
	select 1 from orders.outbox where published_at is null and not quiet union all select 1 from orders.saga
	union all select 1 from notification.notifications where state in ('pending', 'sending')`;
const isFinished = async () => (await rows(databaseUrl(), unfinished)).length === 0;

/** Until all events are published and handled, and all messages sent. */
async function settle(): Promise<void> {
	const { admin } = await signIn(shop!.url);
	await until(async () => {
		if (!(await isFinished())) return false;
		const lags = consumerGroups.map(group =>
			admin.get<{ waiting: number; replay: unknown }>(`/api/v1/ops/streams/${group}`)
		);
		const isRead = (await Promise.all(lags)).every(
			({ status, body: { waiting, replay } }) => status === 200 && waiting === 0 && !replay
		);
		return isRead && isFinished();
	}, 30_000);
}

async function place(count: number): Promise<void> {
	const { alice } = await signIn(shop!.url);
	for (let n = 0; n < count; n++)
		expect((await alice.post("/api/v1/orders", body)).status).toBe(201);
	await settle();
}

/** What the consumers have made of the events. */
const effects = async () => ({
	windows: await rows(
		databaseUrl(),
		"select window_start, currency, orders, revenue_minor, unique_users from analytics.windows order by 1, 2"
	),
	mails: await rows(
		databaseUrl(),
		"select order_id, subject from notification.mailbox order by 1, 2"
	)
});
let before: Awaited<ReturnType<typeof effects>>;

async function refusalOf(env: Record<string, string>): Promise<string> {
	const { code, output } = await run("start.ts", [], { ...env, PORT: "0" });
	expect(code).toBe(78);
	return output.replaceAll(/^ +[\d.]+ s {2}.*\n/gm, "");
}

describeKafka("npm run log:switch", () => {
	beforeAll(async () => {
		[kafka, shop] = await Promise.all([testKafka(), startShop(common)]);
		overKafka = { ...common, KAFKA_BROKERS: kafka.brokers };
		await place(3);
	}, kafkaWithinMs);

	afterAll(async () => {
		await shop?.stop();
		await kafka?.stop();
	}, 60_000);

	it("is refused while the shop runs; a node that would use the other log is refused too", async () => {
		expect(await switchLog(overKafka)).toEqual({
			code: 1,
			output: "The shop runs on this database: stop it first.\n"
		});
		const node = { SERVICES: "analytics", NATS_URL: process.env.TEST_NATS_URL! };
		const refused = await run("node.ts", [], {
			...overKafka,
			...node,
			DATABASE_URL: databaseUrl()
		});
		expect([refused.code, refused.output]).toEqual([78, expect.stringContaining(inPostgres)]);
		before = await effects();
		await shop!.stop();
	}, 60_000);

	it("moves nothing to a log that is in use already, or that does not answer", async () => {
		expect(await switchLog(common)).toEqual({
			code: 0,
			output: expect.stringMatching(/^The event log of this shop is in Postgres already\.$/m)
		});
		const { code, output } = await switchLog({ ...common, KAFKA_BROKERS: "127.0.0.1:1" });
		expect([code, output]).toEqual([
			1,
			expect.stringMatching(/^No Kafka answers at 127\.0\.0\.1:1 \(KAFKA_BROKERS\): .*$/m)
		]);
		expect(await refusalOf(overKafka)).toBe(inPostgres);
		const verified = await run("verify.ts", ["stream"], overKafka);
		expect([verified.code, verified.output]).toEqual([78, expect.stringContaining(inPostgres)]);
	}, 60_000);

	it("moves the shop to Kafka, where nothing is applied twice and a replay finds all", async () => {
		const { code, output } = await switchLog(overKafka);
		expect(output).toMatch(
			/^The event log of this shop is in Kafka at \S+ now\.\n[1-9]\d* order events since .* will be published to it when the shop runs, beside those that no log has yet\.\nStart the shop with KAFKA_BROKERS=\S+\.\n$/m
		);
		expect(code).toBe(0);
		shop = await startShop(overKafka);
		await settle();
		expect(await effects()).toEqual(before);
		const words = ["replay", "--group", "analytics", "--from", startedAt, "--url", shop.url];
		expect(await run("stream.ts", words, overKafka)).toMatchObject({ code: 0 });
		await settle();
		expect(await effects()).toEqual(before);
		await place(1);
		expect((await effects()).mails).toHaveLength(before.mails.length + 1);
		for (const subject of ["analytics", "stream"])
			expect((await run("verify.ts", [subject], overKafka)).output).toContain(
				`No differences in ${subject}.\n`
			);
		await shop.stop();
		expect(shop.output()).not.toContain("events were lost");
		expect(await refusalOf(common)).toBe(inKafka);
	}, 90_000);
});
