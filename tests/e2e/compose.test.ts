import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../../launch/process/free-port.ts";
import { logFields } from "../../lib/log/fields.ts";
import { isJsonLine } from "../../lib/log/json-lines.ts";
import { type NatsServer, startNats } from "../../launch/servers/nats-server.ts";
import { ofShop, readCompose, shopNodes, type ComposeService } from "../deployment/compose-file.ts";
import { adapterRule } from "../kubernetes/optional/adapter-rule.ts";
import { testDatabase, type TestDatabase } from "../support/servers/database.ts";
import { describeWith } from "../support/describe-with.ts";
import { kafkaWithinMs, testKafka, type TestKafka } from "../support/servers/kafka.ts";
import { startMoto, type Moto } from "../support/servers/moto.ts";
import { OtlpReceiver } from "../support/observability/otlp-receiver.ts";
import {
	startAlertmanager,
	startPrometheus,
	type Alertmanager,
	type Prometheus
} from "../support/observability/prometheus.ts";
import { installWithinMs } from "../support/python-venv.ts";
import { launch } from "../support/servers/processes.ts";
import { temporaryFolder } from "../support/servers/temporary-folder.ts";
import { signIn, type Client } from "../support/shop/api-client.ts";
import { address } from "../support/shop/orders.ts";
import { until } from "../support/until.ts";

/**
 * What docker-compose.yml would run, as processes of this host: the same commands with the same settings, in the order of
 * its dependencies. Only addresses, ports and folders are replaced.
 */

const compose = readCompose();
const root = join(import.meta.dirname, "../..");

/** `ENV` of the Dockerfile. */
function ofImage(): Record<string, string> {
	const [, block = ""] = /^ENV ((?:.*\\\n)*.*)$/m.exec(
		readFileSync(join(root, "Dockerfile"), "utf8")
	)!;
	return Object.fromEntries(
		Array.from(block.matchAll(/(\w+)=(\S+)/g), ([, name, value]) => [name!, value!])
	);
}

/** The settings of Kafka that are not about its addresses, as its properties are called. */
const kafkaSettings = Object.fromEntries(
	Object.entries(compose.services.kafka!.environment!)
		.filter(([name]) => !/LISTENER|VOTERS|NODE_ID|ROLES|LOG_DIRS|HEAP/.test(name))
		.map(([name, value]) => [
			name
				.replace(/^KAFKA_/, "")
				.toLowerCase()
				.replaceAll("_", "."),
			String(value)
		])
);

/** Of the dashboard that Grafana is provisioned with. */
function dashboardQueries(): { panel: string; expr: string }[] {
	const file = join(root, "observability/grafana/dashboards/overview.json");
	const { panels } = JSON.parse(readFileSync(file, "utf8")) as {
		panels: { title: string; targets?: { expr: string }[] }[];
	};
	return panels.flatMap(({ title, targets = [] }) =>
		targets.map(({ expr }) => ({ panel: title, expr }))
	);
}

describeWith(
	"java",
	"python",
	"prometheus"
)("the containers of docker-compose.yml", () => {
	let database: TestDatabase;
	let nats: NatsServer;
	let kafka: TestKafka;
	let moto: Moto;
	let alertmanager: Alertmanager;
	let prometheus: Prometheus;
	let otlp: OtlpReceiver;
	const data = temporaryFolder();
	const containers = new Map<string, ReturnType<typeof launch>>();
	const ports = new Map<string, number>();
	const metricsPorts = new Map<string, number>();

	beforeAll(async () => {
		otlp = await OtlpReceiver.start();
		database = await testDatabase("template1");
		const [, password] = /:\/\/shop:(\w+)@nats:4222$/.exec(natsUrl())!;
		nats = await startNats({
			directory: temporaryFolder(),
			password: password!,
			progress: () => undefined,
			onCrash: reason => console.error(reason)
		});
		kafka = await testKafka({ settings: kafkaSettings });
		moto = await startMoto();
	}, kafkaWithinMs + installWithinMs);

	afterAll(async () => {
		for (const { child } of containers.values()) child.kill("SIGKILL");
		await Promise.all([prometheus?.stop(), alertmanager?.stop(), moto?.stop(), kafka?.stop()]);
		await nats?.stop();
		otlp?.stop();
		await database?.drop();
	}, 60_000);

	const natsUrl = () => compose.services.gateway!.environment!.NATS_URL!;

	function here(value: string): string {
		return value
			.replace(/^nats:\/\/.*@nats:4222$/, nats.url)
			.replace(/^postgres:\/\/.*@postgres:5432\/shop$/, database.url)
			.replace(/^kafka:9092$/, kafka.brokers)
			.replace(/^http:\/\/(moto|127\.0\.0\.1):5000$/, moto.client.endpoint)
			.replace(/^\/data$/, data)
			.replace(/^\/app\//, `${root}/`);
	}

	async function start(name: string, { command, environment }: ComposeService): Promise<void> {
		const own = {
			PORT: await freePort(),
			HEALTH_PORT: await freePort(),
			METRICS_PORT: await freePort(),
			// What an environment with a collector would set.
			...("OTEL_EXPORTER_OTLP_ENDPOINT" in environment! && {
				OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url
			})
		};
		ports.set(name, own.PORT).set(`${name} health`, own.HEALTH_PORT);
		metricsPorts.set(name, own.METRICS_PORT);
		const given = { ...ofImage(), ...environment, ...own };
		const settings = Object.fromEntries(
			Object.entries(given).map(([key, value]) => [key, here(String(value))])
		);
		const [program = "cli/node.ts", ...args] = command ?? [];
		containers.set(name, launch(program.replace("cli/", ""), args, settings));
	}

	const isHealthy = (name: string) =>
		fetch(`http://127.0.0.1:${ports.get(`${name} health`)}/health/ready`).then(
			({ ok }) => ok,
			() => false
		);

	/** As `docker compose up` waits for a dependency. The servers that are not the shop's run already. */
	async function waitFor(name: string, condition: string): Promise<void> {
		const container = containers.get(name);
		if (!container) return;
		const { child, output } = container;
		if (condition === "service_healthy") await until(() => isHealthy(name), 60_000);
		else {
			if (child.exitCode === null) await once(child, "exit");
			expect([name, child.exitCode, output()]).toEqual([name, 0, output()]);
		}
	}

	it("send mail from a domain that the health check of moto verifies", async () => {
		const { healthcheck, environment } = compose.services.moto!;
		const [, , ...args] = healthcheck!.test!;
		const settings = Object.entries(environment!).map(([name, value]) => [name, here(value)]);
		await moto.python(args, Object.fromEntries(settings));
	}, 30_000);

	it("become healthy in the order of their dependencies", async () => {
		const waiting = new Map(ofShop(compose));
		while (waiting.size > 0) {
			const isNext = ([, { depends_on = {} }]: [string, ComposeService]) =>
				Object.keys(depends_on).every(other => !waiting.has(other));
			const next = [...waiting].filter(isNext);
			for (const [name] of next) waiting.delete(name);
			await Promise.all(
				next.map(async ([name, service]) => {
					for (const [other, { condition }] of Object.entries(service.depends_on ?? {}))
						await waitFor(other, condition);
					await start(name, service);
				})
			);
		}
		for (const [name, { restart }] of ofShop(compose))
			if (restart !== "no") await until(() => isHealthy(name), 90_000);
	}, 240_000);

	it("are scraped by Prometheus with the jobs of observability/", async () => {
		alertmanager = await startAlertmanager();
		const addresses = Array.from(metricsPorts, ([name, port]) => [
			`${name}:9100`,
			`127.0.0.1:${port}`
		]);
		const host = ({ url }: { url: string }) => new URL(url).host;
		prometheus = await startPrometheus(
			new Map([...(addresses as [string, string][]), ["alertmanager:9093", host(alertmanager)]])
		);
		const nodes = shopNodes(compose).map(([name]) => `shop ${name} up`);
		const expected = [...nodes, "observability up"].toSorted();
		const areUp = async () => {
			const found = await prometheus.targets();
			return found.length === expected.length && found.every(one => one.endsWith(" up"));
		};
		await until(areUp, 30_000).catch(() => undefined);
		expect((await prometheus.targets()).toSorted()).toEqual(expected);
	}, 60_000);

	const orderOf = (client: Client, headers: Record<string, string> = {}) =>
		client.post(
			"/api/v1/orders",
			{
				items: [{ product_id: "prod-001", quantity: 1 }],
				shipping_address: address,
				payment_method: "pm_card_visa"
			},
			{ headers: { prefer: "wait=9", ...headers } }
		);

	it("take an order, and write the mail about it", async () => {
		const url = `http://127.0.0.1:${ports.get("gateway")}`;
		const { alice } = await signIn(url);
		const { status, body } = await orderOf(alice);
		expect([status, body.status]).toEqual([201, "confirmed"]);
		await until(async () => {
			const { text } = await alice.get("/api/v1/notifications");
			return text.includes(body.id as string) && text.includes('"sent"');
		}, 60_000);
		const { RawMessage = [] } = (await moto.data("ses")) as Record<string, object[]>;
		expect(JSON.stringify(RawMessage)).toContain("orders@shop.example");
	}, 90_000);

	it("export spans that follow an order through all of its nodes, without what it is about", async () => {
		const traceId = randomBytes(16).toString("hex");
		const mine = () => otlp.spans.filter(span => span.traceId === traceId);
		const { alice } = await signIn(`http://127.0.0.1:${ports.get("gateway")}`);
		const traceparent = `00-${traceId}-00f067aa0ba902b7-00`;
		expect((await orderOf(alice, { traceparent })).status).toBe(201);
		const names = () =>
			[...new Set(mine().map(({ service, name }) => `${service}: ${name}`))].toSorted();
		const expected = [
			"analytics: process orders",
			"gateway: POST /api/v1/orders",
			"notification: process orders",
			"order: order.place",
			"order: saga begin_payment",
			"order: saga charge",
			"order: saga commit",
			"order: saga confirmed",
			"order: saga reserve",
			"payment: payment.charge",
			"product: product.commit",
			"product: product.quote",
			"product: product.reserve",
			"webhook: process orders"
		];
		await until(() => names().length >= expected.length, 30_000).catch(() => undefined);
		expect(names()).toEqual(expected);
		const byId = new Map(mine().map(span => [span.spanId, span]));
		const parentOf = (wanted: string) =>
			byId.get(mine().find(({ name }) => name === wanted)!.parentSpanId!)?.name;
		expect(parentOf("order.place")).toBe("POST /api/v1/orders");
		expect(parentOf("product.quote")).toBe("order.place");
		expect(parentOf("payment.charge")).toBe("saga charge");
		expect(parentOf("saga charge")).toBe("order.place");
		expect(parentOf("process orders")).toBe("order.place");
		const text = JSON.stringify(otlp.spans);
		for (const word of ["alice", address.street, "pm_card_visa", "demo-Password"])
			expect(text).not.toContain(word);
	}, 60_000);

	/** Queries of the dashboard that return no number. */
	async function withoutData(): Promise<string[]> {
		const samples = await Promise.all(
			dashboardQueries().map(async ({ panel, expr }) => ({
				panel,
				expr,
				values: (await prometheus.query(expr)).map(({ value }) => value)
			}))
		);
		return samples
			.filter(({ values }) => !values.some(Number.isFinite))
			.map(({ panel, expr }) => `${panel}: ${expr}`);
	}

	it("have data for each query of the dashboard", async () => {
		// A rate needs two samples, between which something happened.
		await until(async () => (await prometheus.query("shop_orders_total")).length > 0, 30_000);
		const { alice } = await signIn(`http://127.0.0.1:${ports.get("gateway")}`);
		expect((await orderOf(alice)).status).toBe(201);
		expect((await alice.get("/api/v1/notifications")).status).toBe(200);
		let missing: string[] = [];
		await until(async () => (missing = await withoutData()).length === 0, 45_000).catch(
			() => undefined
		);
		expect(missing).toEqual([]);
		// Of the autoscaler of order nodes, which takes one number.
		expect(await prometheus.query(adapterRule().query)).toHaveLength(1);
		const confirmed = async () =>
			(await prometheus.query('sum(shop_orders_total{status="confirmed"})'))[0]?.value;
		// Of the last order at the next scrape.
		await until(async () => (await confirmed())! >= 3, 10_000).catch(() => undefined);
		expect(await confirmed()).toBe(3);
	}, 90_000);

	// Alerts wait for a second here, so those of a start may fire as well.
	it("raise an alert when one of them ends", async () => {
		const alertname = "ShopNodeDown";
		const firing = async () =>
			(await prometheus.firing()).filter(one => one.alertname === alertname);
		const sent = async () =>
			(await alertmanager.alerts()).filter(({ labels }) => labels.alertname === alertname);
		expect(await firing()).toEqual([]);
		const { child } = containers.get("webhook")!;
		const ended = once(child, "exit");
		child.kill("SIGTERM");
		await ended;
		await until(async () => (await sent()).length > 0, 30_000);
		const labels = expect.objectContaining({ node: "webhook", severity: "warning" });
		expect(await firing()).toEqual([labels]);
		expect(await sent()).toEqual([{ labels, receivers: ["warning"] }]);
	}, 90_000);

	it("log nothing but JSON objects of the schema", () => {
		const lines = [...containers].flatMap(([name, { output }]) =>
			output()
				.trimEnd()
				.split("\n")
				.map(line => ({ name, line }))
		);
		const wrong = lines.filter(({ line }) => {
			if (!isJsonLine(line)) return true;
			return Object.keys(JSON.parse(line) as object).some(key => !Object.hasOwn(logFields, key));
		});
		expect(wrong).toEqual([]);
		const services = lines.map(
			({ line }) => (JSON.parse(line) as Record<string, string>)["service.name"]
		);
		expect(new Set(services)).toEqual(
			new Set([...shopNodes(compose).map(([name]) => name), "shop"])
		);
	});

	it("end with 0", async () => {
		const codes = shopNodes(compose).map(async ([name]) => {
			const { child } = containers.get(name)!;
			const ended = child.exitCode === null ? once(child, "exit") : [child.exitCode];
			child.kill("SIGTERM");
			return [name, (await ended)[0]] as const;
		});
		expect(await Promise.all(codes)).toEqual(shopNodes(compose).map(([name]) => [name, 0]));
	}, 60_000);
});
