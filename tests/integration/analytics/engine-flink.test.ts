import { analytics } from "../../../contracts/analytics.ts";
import { serviceUrl } from "../../../db/database.ts";
import { call } from "../../../lib/service.ts";
import analyticsService from "../../../services/analytics/analytics.service.ts";
import { EngineLog } from "../../../services/analytics/ownership/engine-log.ts";
import { toMessage } from "../../../services/analytics/windows/window-messages.ts";
import healthService from "../../../services/health/health.service.ts";
import { KafkaDriver } from "../../../streams/kafka/kafka.driver.ts";
import { topics } from "../../../streams/messages/topics.ts";
import { startNode } from "../../support/servers/start-node.ts";
import {
	describeKafka,
	kafkaWithinMs,
	testKafka,
	type TestKafka
} from "../../support/servers/kafka.ts";
import { run } from "../../support/servers/processes.ts";
import { admin, as } from "../../support/shop/callers.ts";
import { useShop } from "../../support/shop/use-shop.ts";
import { buildOrderEvent } from "../../support/streams/order-message.ts";
import { until } from "../../support/until.ts";

/** A node of analytics with ANALYTICS_ENGINE=flink, as k8s/components/windows-by-flink deploys it; the Flink job is not there. */
describeKafka("the analytics service, where Flink publishes the windows", () => {
	let kafka: TestKafka;
	let driver: KafkaDriver;
	let log: EngineLog;
	let warn: jest.SpyInstance;

	const settings = () => ({
		KAFKA_BROKERS: kafka.brokers,
		STREAM_PARTITIONS: "1",
		SERVICES: "analytics",
		HEALTH_PORT: "0"
	});
	const shop = useShop(
		[analyticsService, healthService],
		async () => {
			kafka = await testKafka();
			driver = new KafkaDriver({ brokers: [kafka.brokers] });
			log = new EngineLog(driver);
			await log.append({ engine: "flink", step: "release" });
			shop.defer(async () => {
				await log.close();
				await driver.close();
			});
			return { ...settings(), ANALYTICS_ENGINE: "flink" };
		},
		{ startWithinMs: kafkaWithinMs }
	);
	beforeAll(async () => {
		warn = jest.spyOn(shop.broker.getLocalService("analytics").logger, "warn");
		await until(() => driver.extents(topics.late).catch(() => undefined), 30_000);
	}, 40_000);
	afterAll(() => kafka?.stop(), 60_000);

	const hour = 3_600_000;
	const now = Math.floor(Date.now() / 60_000) * 60_000;

	/** An order in each of these hours before now: one that is more than a day behind the last is late. */
	async function sell(...hours: number[]): Promise<void> {
		const events = hours.map(n => buildOrderEvent({ at: now - n * hour, total: 100 }));
		const messages = events.map(event => ({
			key: event.partitionkey,
			value: JSON.stringify(event)
		}));
		await driver.publish(topics.orders, messages);
	}

	const outbox = async (state: "waits" | "marked") => {
		const rows = await shop.database.rows<{ topic: string }>(
			`select distinct topic from analytics.outbox where (published_at is null) = $1 order by 1`,
			[state === "waits"]
		);
		return rows.map(({ topic }) => topic);
	};
	const both = [topics.late, topics.windows];
	const untilOutbox = (state: "waits" | "marked") =>
		until(async () => String(await outbox(state)) === String(both), 30_000);

	const messages = async () => {
		const extents = await Promise.all(both.map(topic => driver.extents(topic)));
		return extents.flat().map(({ next }) => Number(next));
	};

	const health = async (path: string) => {
		const node = shop.broker.getLocalService("health") as unknown as { healthPort(): number };
		const answer = await fetch(`http://127.0.0.1:${node.healthPort()}${path}`);
		return [answer.status, await answer.json()];
	};
	const isHealthy = async () => {
		expect(await health("/health/ready")).toEqual([200, expect.objectContaining({ ready: true })]);
		expect(await health("/health")).toEqual([200, expect.objectContaining({ status: "ok" })]);
	};

	/** The job of the component: as the role of the service. */
	const handBack = () =>
		run("stream.ts", ["engine", "builtin", "--wait", "6"], {
			KAFKA_BROKERS: kafka.brokers,
			DATABASE_URL: serviceUrl(shop.database.url, "analytics")
		});
	const startOther = (more: { ANALYTICS_ENGINE?: string } = {}) => {
		const own = { DATABASE_URL: shop.database.url, DATA_DIR: shop.dataDir };
		return startNode([analyticsService], { ...own, ...settings(), ...more });
	};

	it("keeps its messages during a handover, says what to do, and is ready", async () => {
		await sell(2, 1);
		await until(async () => (await outbox("waits")).length > 0, 30_000);
		await sell(50);
		await untilOutbox("waits");
		const sentence =
			"The windows are being handed over to the Flink job: if that was interrupted, repeat npm run stream -- engine flink.";
		await until(() => warn.mock.calls.flat().join("\n").includes(sentence), 10_000);
		await new Promise(resolve => setTimeout(resolve, 3000));
		expect([await outbox("marked"), await messages()]).toEqual([[], [0, 0]]);
		await isHealthy();
	}, 60_000);

	it("marks them and sends none while Flink is the owner, and is ready", async () => {
		await log.append({ engine: "flink", step: "take" });
		await untilOutbox("marked");
		await sell(0.5, 49);
		await until(async () => {
			const [{ count }] = (await shop.database.rows(
				"select count(*)::int as count from analytics.outbox where published_at is not null"
			)) as [{ count: number }];
			return count >= 4;
		}, 30_000);
		// A window that is emitted meanwhile waits for a moment.
		await until(async () => (await outbox("waits")).length === 0, 30_000);
		expect(await messages()).toEqual([0, 0]);
		await isHealthy();
	}, 90_000);

	it("keeps them when the windows are handed back, by the role of the service, until a node has the setting", async () => {
		// What the job still publishes while it has its time to stop.
		const window = { start: now - 2 * hour, currency: "USD", orders: 9, revenue: 900, users: 1 };
		const last = toMessage({ ...window, average: 100, revision: 50, final: false }, Date.now());
		const handingBack = handBack();
		await until(async () => "successor" in ((await log.read()) ?? {}), 30_000);
		await driver.publish(topics.windows, [{ key: last.partitionkey, value: JSON.stringify(last) }]);
		const { code, output } = await handingBack;
		expect({ code, output }).toEqual({
			code: 0,
			output: expect.stringMatching(/^Windows are published by the engine builtin\.$/m)
		});
		await untilOutbox("waits");
		expect(await messages()).toEqual([0, 1]);
		const revised = `select 1 from analytics.windows where revision >= 50`;
		expect(await shop.database.rows(revised)).toHaveLength(1);
		await isHealthy();
		const node = await startOther();
		try {
			await until(async () => (await outbox("waits")).length === 0, 30_000);
			const [late, windows] = await messages();
			expect(late).toBe(2);
			// The last minute is over once its partition was silent for some seconds.
			expect(windows).toBeGreaterThanOrEqual(3);
		} finally {
			await node.stop();
		}
	}, 120_000);

	it("publishes them again after the loss of the log, by the steps of docs/operations.md", async () => {
		for (const step of ["release", "take"] as const) await log.append({ engine: "flink", step });
		await log.close();
		await kafka.stop();
		await kafka.restart(true);
		// Nodes that go on make no topics before they have something to publish.
		await shop.broker.stop();
		const restarted = await startOther({ ANALYTICS_ENGINE: "flink" });
		await until(() => messages().catch(() => undefined), 60_000);
		const { code, output } = await handBack();
		expect({ code, output }).toMatchObject({ code: 0 });
		await restarted.stop();
		const node = await startOther();
		try {
			const refill = { from: new Date(now - 3 * hour).toISOString() };
			await call(node, analytics.actions["outbox.refill"], refill, as(admin));
			await until(async () => (await messages()).every(count => count >= 2), 60_000);
		} finally {
			await node.stop();
		}
	}, 180_000);
});
