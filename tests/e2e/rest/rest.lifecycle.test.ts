import { generateKeyPairSync, randomUUID } from "node:crypto";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { Errors, type Service, type ServiceBroker, type ServiceSchema } from "moleculer";
import gateway from "../../../services/gateway/gateway.service.ts";
import metrics from "../../../services/metrics/metrics.service.ts";
import { Client } from "../../support/shop/api-client.ts";
import { startNode } from "../../support/servers/start-node.ts";
import { until } from "../../support/until.ts";

const { publicKey } = generateKeyPairSync("ed25519");
const TOKEN_PUBLIC_KEY = publicKey.export({ type: "spki", format: "pem" }) as string;

let started: () => void;
let calls = 0;

/** A catalogue that fails in different ways, by the requested id. */
const product: ServiceSchema = {
	name: "product",
	actions: {
		ready: { access: "internal", handler: () => ({ ok: true }) },
		categories: {
			access: "anyone",
			async handler() {
				started();
				await delay(500);
				return { data: [] };
			}
		},
		get: {
			access: "anyone",
			handler(ctx: { params: { id: string } }) {
				calls++;
				const sql = 'relation "product.products" does not exist';
				if (ctx.params.id === "gone")
					throw new Errors.RequestRejectedError({ action: "product.get" });
				if (ctx.params.id === "invalid")
					throw new Errors.ValidationError(sql, "VALIDATION_ERROR", {});
				throw Object.assign(new Error(sql), { code: "42P01", detail: sql });
			}
		}
	}
} as unknown as ServiceSchema;

const healthPortOf = (broker: ServiceBroker) =>
	(
		broker.getLocalService("gateway") as Service & { healthPort(): number | undefined }
	).healthPort();
const portOf = (broker: ServiceBroker, name = "gateway") =>
	(broker.getLocalService(name) as Service & { port(): number | undefined }).port();
const clientOf = (broker: ServiceBroker) => new Client(`http://127.0.0.1:${portOf(broker)}`);

describe("the gateway as a node", () => {
	let broker: ServiceBroker;
	const start = async (environment: Record<string, string> = {}) =>
		(broker = await startNode([metrics, product, gateway], { TOKEN_PUBLIC_KEY, ...environment }));
	afterEach(() => broker.stop());

	it("reveals nothing of an internal error, and does not retry after it", async () => {
		await start({ LOG_LEVEL: "fatal" });
		for (const id of ["broken", "invalid"]) {
			calls = 0;
			const { status, body } = await clientOf(broker).get(`/api/v1/products/${id}`);
			expect([status, body.code, calls]).toEqual([500, "internal", 1]);
		}
	});

	it("retries reads when a node is gone, and then responds with Retry-After", async () => {
		await start({ LOG_LEVEL: "fatal" });
		calls = 0;
		const { status, body, headers } = await clientOf(broker).get("/api/v1/products/gone");
		expect([status, body.code, headers.get("retry-after")]).toEqual([503, "unavailable", "1"]);
		expect(calls).toBe(3);
	});

	it("is degraded and not ready while services have never responded", async () => {
		await start({ LOG_LEVEL: "fatal" });
		const client = clientOf(broker);
		expect((await client.get("/health")).body.status).toBe("degraded");
		expect((await client.get("/health/ready")).status).toBe(503);
		expect((await client.get("/health/live")).status).toBe(200);
	});

	it("has no demo mode when it is off", async () => {
		await start({ DEMO_MODE: "false", LOG_LEVEL: "fatal" });
		expect((await clientOf(broker).get("/api/v1/users/me")).status).toBe(401);
		// No service would respond: a caller that got access would see 503.
		const message = `/dev/mailbox/${randomUUID()}`;
		for (const path of ["/dev/mailbox", message, `${message}/html`])
			expect((await clientOf(broker).get(path)).status).toBe(404);
	});

	it("describes the topics as this shop makes them", async () => {
		await start({ STREAM_PARTITIONS: "3", STREAM_RETENTION_HOURS: "2" });
		const { body } = await clientOf(broker).get<{ channels: Record<string, unknown> }>(
			"/asyncapi.json"
		);
		const made = (partitions: number, hours: number) => ({
			bindings: {
				kafka: { partitions, topicConfiguration: { "retention.ms": hours * 3_600_000 } }
			}
		});
		expect(body.channels).toMatchObject({ orders: made(3, 2), "orders.dlq": made(1, 8) });
	});

	it("finishes requests in progress and then ends, even with open connections", async () => {
		await start();
		const client = clientOf(broker);
		await client.get("/health/live");
		const begun = new Promise<void>(resolve => (started = resolve));
		const answer = client.get("/api/v1/categories");
		await begun;
		const before = performance.now();
		await Promise.all([
			broker.stop(),
			answer.then(({ status, headers }) =>
				expect([status, headers.get("connection")]).toEqual([200, "close"])
			)
		]);
		expect(performance.now() - before).toBeLessThan(3000);
		await expect(fetch(`${client.url}/health/live`)).rejects.toThrow();
		broker = await startNode([product], {});
	});

	it("does not start on a port that is taken", async () => {
		await start({ LOG_LEVEL: "fatal" });
		const second = startNode([gateway], {
			TOKEN_PUBLIC_KEY,
			PORT: String(portOf(broker)),
			LOG_LEVEL: "fatal"
		});
		await expect(second).rejects.toMatchObject({ code: "EADDRINUSE" });
	});

	it("does not start without the key that checks tokens", async () => {
		await start();
		await expect(startNode([gateway], {})).rejects.toThrow(
			"Set TOKEN_PUBLIC_KEY: without it the gateway cannot check access tokens"
		);
	});

	it("serves no metrics if they have their own port", async () => {
		await start({ METRICS_PORT: "0" });
		expect((await clientOf(broker).get("/metrics")).status).toBe(404);
		const url = `http://127.0.0.1:${portOf(broker, "metrics")}`;
		const text = await until(async () => (await fetch(`${url}/metrics`)).text());
		expect(text).toContain(
			'action_duration_seconds_count{action="gateway.metrics",outcome="error"} 1'
		);
		expect((await fetch(`${url}/other`)).status).toBe(404);
	});

	it("serves health, and nothing else, on a port of its own", async () => {
		await start({ HEALTH_PORT: "0", CONNECTIONS_MAX: "10", LOG_LEVEL: "fatal" });
		const answers = [
			"/health/live",
			"/health/ready",
			"/",
			"/healthy",
			"/metrics",
			"/docs",
			"/api/v1/orders"
		];
		const statuses = answers.map(async path => {
			const { status } = await fetch(`http://127.0.0.1:${healthPortOf(broker)}${path}`);
			return status;
		});
		expect(await Promise.all(statuses)).toEqual([200, 503, 404, 404, 404, 404, 404]);
		expect((await clientOf(broker).get("/health/live")).status).toBe(200);
	});

	it("keeps its connections as long as it is told, and answers while silent ones fill it", async () => {
		await start({ KEEP_ALIVE_MS: "70000", CONNECTIONS_MAX: "10" });
		const silent = Array.from({ length: 40 }, () => connect(portOf(broker)!, "127.0.0.1"));
		for (const socket of silent) socket.on("error", () => undefined);
		try {
			const { status, headers } = await clientOf(broker).get("/health/live");
			expect([status, headers.get("keep-alive")]).toEqual([200, "timeout=70"]);
			const { text } = await clientOf(broker).get("/metrics");
			expect(text).toMatch(
				/^http_connections_dropped_total\{limit="all",dropped="oldest"\} [3-9]\d$/m
			);
			expect(text).toMatch(/^http_connections 10$/m);
		} finally {
			for (const socket of silent) socket.destroy();
		}
	});

	it("gives a network its share of connections", async () => {
		await start({ CONNECTIONS_MAX_OF_NETWORK: "5" });
		const silent = Array.from({ length: 20 }, () => connect(portOf(broker)!, "127.0.0.1"));
		for (const socket of silent) socket.on("error", () => undefined);
		try {
			const { text } = await clientOf(broker).get("/metrics");
			expect(text).toMatch(
				/^http_connections_dropped_total\{limit="network",dropped="oldest"\} 1\d$/m
			);
			expect(text).toMatch(/^http_connections 5$/m);
		} finally {
			for (const socket of silent) socket.destroy();
		}
	});

	it("protects the port of its metrics too", async () => {
		await start({ METRICS_PORT: "0" });
		const silent = Array.from({ length: 150 }, () =>
			connect(portOf(broker, "metrics")!, "127.0.0.1")
		);
		for (const socket of silent) socket.on("error", () => undefined);
		const url = `http://127.0.0.1:${portOf(broker, "metrics")}`;
		try {
			const responses = await Promise.all([
				fetch(`${url}/metrics`),
				fetch(`${url}/other`),
				fetch(`${url}/metrics`, { method: "POST", body: "{}" })
			]);
			expect(responses.map(({ status }) => status)).toEqual([200, 404, 405]);
			const types = responses.map(({ headers }) => headers.get("content-type"));
			expect(types.slice(1)).toEqual(["application/problem+json", "application/problem+json"]);
			await until(() => silent.filter(({ destroyed }) => destroyed).length >= 50);
		} finally {
			for (const socket of silent) socket.destroy();
		}
	});

	it("accepts connections for SHUTDOWN_DELAY_MS of its stop, and says that it is not ready", async () => {
		await start({ SHUTDOWN_DELAY_MS: "5000" });
		const client = clientOf(broker);
		const stopped = broker.stop();
		await delay(2000);
		const { status, headers } = await client.get("/health/ready");
		expect([status, headers.get("connection")]).toEqual([503, "close"]);
		await stopped;
		await expect(client.get("/health/ready")).rejects.toThrow("fetch failed");
	}, 60_000);

	it("opens no port for health by default", async () => {
		await start();
		expect(healthPortOf(broker)).toBeUndefined();
	});

	it("marks gauges that every node reports alike as not to be summed", async () => {
		await start();
		const { text } = await clientOf(broker).get("/metrics");
		const names = [...text.matchAll(/^# HELP (\S+) .*not the sum$/gm)].map(([, name]) => name);
		expect(names.sort()).toEqual([
			"shop_dead_letters",
			"shop_notifications_waiting",
			"shop_notifications_waiting_seconds",
			"shop_outbox_rows",
			"shop_outbox_seconds",
			"shop_payments_in_review",
			"shop_saga_oldest_seconds",
			"shop_sagas",
			"shop_stream_lag_messages",
			"shop_webhook_deliveries_waiting",
			"shop_webhook_deliveries_waiting_seconds",
			"shop_webhooks_disabled",
			"shop_webhooks_failing"
		]);
	});

	it("opens no second port by default", async () => {
		await start();
		expect(portOf(broker, "metrics")).toBeUndefined();
		const numbers = {
			name: "shop_orders_total",
			method: "inc",
			labels: { status: "confirmed" },
			value: 2
		};
		await broker.broadcastLocal("metrics.update", numbers);
		const { status } = await clientOf(broker).get("/health/ready");
		const { text } = await clientOf(broker).get("/metrics");
		expect(text).toContain('shop_orders_total{status="confirmed"} 2');
		expect(text).toMatch(/moleculer_nodes_total 1/);
		expect(text).toContain(`shop_health_check_up{check="shop"} ${status === 200 ? 1 : 0}`);
	});
});
