import { once } from "node:events";
import { Proxy } from "../../chaos/cluster/proxy.ts";
import { serviceUrl } from "../../db/database.ts";
import { freePort } from "../../launch/process/free-port.ts";
import { type NatsServer, startNats } from "../../launch/servers/nats-server.ts";
import { testDatabase, type TestDatabase } from "../support/servers/database.ts";
import { launch } from "../support/servers/processes.ts";
import { temporaryFolder } from "../support/servers/temporary-folder.ts";
import { until } from "../support/until.ts";

/** The probes of a node without a gateway, as an orchestrator asks them. */

let database: TestDatabase;
let nats: NatsServer;
let [toDatabase, toBus]: Proxy[] = [];
let node: ReturnType<typeof launch>;
let url: string;
let metricsUrl: string;

beforeAll(async () => {
	database = await testDatabase();
	const onCrash = (reason: string) => console.error(reason);
	nats = await startNats({ directory: temporaryFolder(), progress: () => undefined, onCrash });
	toDatabase = await Proxy.open(database.url);
	toBus = await Proxy.open(nats.url);
	const [port, metricsPort] = [await freePort(), await freePort()];
	url = `http://127.0.0.1:${port}`;
	metricsUrl = `http://127.0.0.1:${metricsPort}/metrics`;
	node = launch("node.ts", [], {
		SERVICES: "product",
		NATS_URL: toBus.url,
		PRODUCT_DATABASE_URL: serviceUrl(toDatabase.url, "product"),
		EVENT_LOG_DATABASE_URL: serviceUrl(database.url, "stream"),
		HEALTH_PORT: String(port),
		METRICS_PORT: String(metricsPort),
		DATA_DIR: temporaryFolder(),
		LOG_LEVEL: "fatal"
	});
	// The node prints its ports only after it has waited for the rest of the shop.
	await until(
		() =>
			statusOf("/health/ready").then(
				status => status === 200,
				() => false
			),
		60_000
	);
}, 90_000);

afterAll(async () => {
	node?.child.kill("SIGKILL");
	await toDatabase?.close();
	await toBus?.close();
	await nats?.stop();
	await database?.drop();
}, 60_000);

async function read(path: string) {
	const answer = await fetch(url + path);
	return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}
/** Of `shop_health_check_up`, by check. */
async function gauges(): Promise<Record<string, number>> {
	const text = await (await fetch(metricsUrl)).text();
	const lines = text.matchAll(/^shop_health_check_up\{check="(\w+)"\} (\d)$/gm);
	return Object.fromEntries(Array.from(lines, ([, check, value]) => [check, Number(value)]));
}

const statusOf = async (path: string) => (await read(path)).status;

it("answers live, ready and its own checks", async () => {
	expect(await read("/health/live")).toEqual({ status: 200, body: { status: "ok" } });
	const checks = { bus: "up", product: "up" };
	expect(await read("/health/ready?verbose")).toEqual({
		status: 200,
		body: { ready: true, checks }
	});
	expect(await gauges()).toEqual({ ready: 1, bus: 1, product: 1 });
	const { body } = await read("/health");
	expect(body).toEqual({ status: "ok", version: expect.any(String), checks });
	expect([await statusOf("/metrics"), await statusOf("/healthz")]).toEqual([404, 404]);
	expect((await fetch(`${url}/health`, { method: "POST" })).status).toBe(405);
	expect(await (await fetch(`${url}/health`, { method: "HEAD" })).text()).toBe("");
});

it.each([
	["the database", () => toDatabase!, "product"],
	["the bus", () => toBus!, "bus"]
])(
	"is not ready without %s, and live all the same",
	async (_, proxy, part) => {
		proxy().mode = "reset";
		await until(async () => (await statusOf("/health/ready")) === 503, 30_000);
		expect(await gauges()).toMatchObject({ ready: 0, [part]: 0 });
		const { body } = await read("/health");
		expect(body).toMatchObject({ status: "down", checks: { [part]: "down" } });
		expect(await statusOf("/health/live")).toBe(200);
		proxy().mode = "pass";
		await until(async () => (await statusOf("/health/ready")) === 200, 30_000);
	},
	90_000
);

it("is not ready from SIGTERM on, and ends with 0", async () => {
	const seen = new Set<number>();
	const ended = once(node.child, "exit");
	node.child.kill("SIGTERM");
	const isOver = () => node.child.exitCode !== null;
	const refused = () => undefined;
	while (!isOver()) {
		const status = await statusOf("/health/ready").catch(refused);
		if (status) seen.add(status);
	}
	expect([...seen].at(-1)).toBe(503);
	expect((await ended)[0]).toBe(0);
}, 30_000);
