import { once } from "node:events";
import { Proxy } from "../../chaos/cluster/proxy.ts";
import { freePort } from "../../launch/process/free-port.ts";
import { type NatsServer, startNats } from "../../launch/servers/nats-server.ts";
import { testDatabase, type TestDatabase } from "../support/servers/database.ts";
import { launch } from "../support/servers/processes.ts";
import { temporaryFolder } from "../support/servers/temporary-folder.ts";
import { until } from "../support/until.ts";

/** Nodes that were without their bus for some seconds. */

const services = ["gateway", "user", "product", "order", "payment"];
let database: TestDatabase;
let nats: NatsServer;
let toBus: Proxy;
let port: number;
const nodes = new Map<string, ReturnType<typeof launch>>();

beforeAll(async () => {
	database = await testDatabase();
	const onCrash = (reason: string) => console.error(reason);
	nats = await startNats({ directory: temporaryFolder(), progress: () => undefined, onCrash });
	toBus = await Proxy.open(nats.url);
	port = await freePort();
	const DATA_DIR = temporaryFolder();
	for (const SERVICES of services)
		nodes.set(
			SERVICES,
			launch("node.ts", [], {
				SERVICES,
				NATS_URL: toBus.url,
				DATABASE_URL: database.url,
				DATABASE_POOL: "2",
				PORT: String(port),
				DATA_DIR,
				LOG_LEVEL: "warn"
			})
		);
	await until(areUp, 60_000);
}, 90_000);

afterAll(async () => {
	for (const { child } of nodes.values()) child.kill("SIGKILL");
	await toBus?.close();
	await nats?.stop();
	await database?.drop();
}, 60_000);

const get = (path: string, ms = 2000) =>
	fetch(`http://127.0.0.1:${port}/api/v1${path}`, { signal: AbortSignal.timeout(ms) });
const areUp = () =>
	get("/products/prod-001").then(
		({ ok }) => ok,
		() => false
	);

it("answer again once it is back, and do not wait for lost answers when they stop", async () => {
	toBus.mode = "reset";
	const asked = Array.from({ length: 20 }, () => get("/products", 20_000));
	const statuses = (await Promise.all(asked)).map(({ status }) => status);
	expect(statuses.every(status => status >= 500)).toBe(true);
	toBus.mode = "pass";
	await until(areUp, 30_000);
	const stopped = [...nodes].map(async ([name, { child, output }]) => {
		const ended = once(child, "exit");
		child.kill("SIGTERM");
		const [code] = await ended;
		return [name, code, /running context/.test(output())] as const;
	});
	expect(await Promise.all(stopped)).toEqual(services.map(name => [name, 0, false]));
}, 90_000);
