import { once } from "node:events";
import { rmSync } from "node:fs";
import { serviceNames } from "../../../config/index.ts";
import { inProgressStatuses } from "../../../contracts/order-status.ts";
import { faultsOf } from "../../../db/migration-files.ts";
import { migrate, migrations } from "../../../db/migrate.ts";
import { sessionLimits } from "../../../db/session-settings.ts";
import { freePort } from "../../../launch/process/free-port.ts";
import manifest from "../../../package.json" with { type: "json" };
import { breaksFormer, heldTables } from "../../migrations.rules.ts";
import { watchLocks, type LockWaits } from "../../support/release/lock-waits.ts";
import { passThrough } from "../../support/release/order-flows.ts";
import { differencesIn } from "../../support/release/stored-data.ts";
import { copyOrders } from "../../support/release/order-copies.ts";
import {
	installsWithinMs,
	unpackRelease,
	type UnpackedRelease
} from "../../support/release/unpacked-release.ts";
import { startVersion, type VersionNode } from "../../support/release/version-nodes.ts";
import { testDatabase, type TestDatabase } from "../../support/servers/database.ts";
import { quantile, SteadyLoad } from "../../support/load/steady-load.ts";
import { LoadBalancer } from "../../support/load/load-balancer.ts";
import { launch } from "../../support/servers/processes.ts";
import { temporaryFolder } from "../../support/servers/temporary-folder.ts";
import { signIn, type Clients } from "../../support/shop/api-client.ts";
import { newTokenKey } from "../../support/shop/token-key.ts";
import { until } from "../../support/until.ts";
import { typicalMigrations } from "./typical-migrations.ts";

/**
 * The last release and this version side by side, in both directions, on a database that this version has migrated, under a
 * light load. A node runs the services that the order saga and the gateway call, one the saga, one the gateway. Each is
 * replaced by one of the other version that runs beside it for a while: orders go through everything that they can go
 * through while two versions of each service take calls, and again when one is left.
 */
const orderCount = Number(process.env.REHEARSAL_ORDERS ?? 2000);
const isMeasured = process.env.REHEARSAL_ORDERS !== undefined;
/** In CI other tests run on the same two cores. */
const requestsPerS = isMeasured ? 30 : 5;
const longMs = 60_000 + orderCount * 20;

const callees = serviceNames.filter(name => name !== "order").join(",");
type Place = "gateway" | "order" | typeof callees;

/** Two while one replaces the other. */
const running = new Map<Place, VersionNode[]>();
const started: VersionNode[] = [];
const dataDir = temporaryFolder();
const lines: string[] = [];

let database: TestDatabase;
let release: UnpackedRelease;
let environment: Record<string, string>;
let balancer: LoadBalancer | undefined;
let load: SteadyLoad | undefined;
let clients: Clients;
const ports = new Map<string, number>();

beforeAll(async () => {
	release = unpackRelease();
	database = await testDatabase("template1");
	const versions = [release.version, manifest.version];
	for (const version of versions) ports.set(version, await freePort());
	environment = {
		DATABASE_URL: database.url,
		NATS_URL: process.env.TEST_NATS_URL!,
		SHOP_NAMESPACE: `upgrade-${process.pid}`,
		DATA_DIR: dataDir,
		DATABASE_POOL: "2",
		ORDER_MAX_OPEN: "0",
		LOG_LEVEL: "warn",
		...newTokenKey()
	};
	const migration = launch("migrate.ts", [], environment, release.tree);
	await once(migration.child, "close");
	if (migration.child.exitCode !== 0) throw new Error(migration.output());
}, installsWithinMs + 120_000);

afterAll(async () => {
	await load?.stop();
	await balancer?.close();
	for (const node of started) node.kill();
	await database?.drop();
	rmSync(dataDir, { recursive: true, force: true });
	if (isMeasured) console.log(lines.join("\n"));
}, 60_000);

const isOld = (version: string) => version === release.version;

async function start(place: Place, version: string): Promise<VersionNode> {
	const tree = isOld(version) ? release.tree : undefined;
	const port = place === "gateway" ? ports.get(version)! : 0;
	const node = await startVersion({ version, tree, environment }, place, port);
	started.push(node);
	return node;
}

const isReady = (node: VersionNode) =>
	until(async () => (await fetch(`${node.url}/health/ready`)).status === 200, 30_000);

/** Starts a node of a version beside the one that runs. */
async function join(place: Place, version: string): Promise<void> {
	if (load) load.phase = `${place} ${version}`;
	const node = await start(place, version);
	if (place === "gateway") await isReady(node);
	running.set(place, [...(running.get(place) ?? []), node]);
}

/** Ends the node that ran before the other. */
async function leave(place: Place): Promise<void> {
	const [former, ...left] = running.get(place)!;
	await former!.stop();
	running.set(place, left);
}

/** A call that a node of each place serves in every flow. */
const served: Record<Place, string> = {
	gateway: 'route="/api/v1/orders/{id}/cancel"',
	order: 'action="order.place"',
	[callees]: 'action="product.reserve'
};

interface Served {
	/** By what the node says itself. */
	version: string;
	calls: number;
}

async function servedBy(place: Place, node: VersionNode): Promise<Served> {
	const text = await node.metrics();
	const [, version = "none"] = /^shop_build_info\{[^}]*\bversion="([^"]+)"/m.exec(text) ?? [];
	const counts = text
		.split("\n")
		.filter(line => !line.startsWith("#") && line.includes(served[place]!))
		.map(line => Number(line.split(" ").at(-1)));
	return { version, calls: counts.reduce((sum, count) => sum + count, 0) };
}

const allServed = () =>
	Promise.all(
		[...running].map(async ([place, nodes]) => {
			const each = nodes.map(node => servedBy(place, node));
			return [place, await Promise.all(each)] as const;
		})
	);

/** Takes orders through everything at each gateway. The versions whose nodes took calls in it, by place. */
async function everyFlow(): Promise<Record<string, string[]>> {
	const before = new Map(await allServed());
	const gateways = running.get("gateway")!;
	await Promise.all(gateways.map(({ url }) => passThrough(clients, url)));
	const after = await allServed();
	const versions = after.map(([place, nodes]) => {
		const took = nodes.filter(({ calls }, n) => calls > before.get(place)![n]!.calls);
		return [place, took.map(({ version }) => version)] as const;
	});
	return Object.fromEntries(versions);
}

/** Statements of a service end after 2 s of waiting. None came as far, and none says that it ended so. */
function expectNoneCancelled(waits: LockWaits): void {
	expect(waits.longestMs).toBeLessThan(sessionLimits.lock_timeout);
	const cancelled = started.flatMap(
		node => node.output().match(/.*(?:canceling statement|55P03|57014).*/g) ?? []
	);
	expect(cancelled).toEqual([]);
}

it(
	"the last release takes orders",
	async () => {
		const places = ["gateway", "order", callees] as const;
		await Promise.all(places.map(place => join(place, release.version)));
		const { url } = running.get("gateway")![0]!;
		clients = await signIn(url);
		for (const id of ["prod-001", "prod-002"]) {
			const more = { delta: 1_000_000, reason: "rehearsal" };
			expect((await clients.admin.post(`/api/v1/products/${id}/stock`, more)).status).toBe(200);
		}
		const old = [release.version];
		expect(await everyFlow()).toEqual({ gateway: old, order: old, [callees]: old });
		await copyOrders(database.url, orderCount);
		clients = await signIn(url);
		balancer = new LoadBalancer([...ports.values()].map(port => `http://127.0.0.1:${port}`));
		load = new SteadyLoad(balancer, { requestsPerS, ordersPerS: requestsPerS / 3 });
	},
	longMs
);

it(
	"migrations of this version, and typical ones, hold up no request to it",
	async () => {
		const all = await migrations();
		expect(
			typicalMigrations.flatMap(({ sql }) => [...heldTables(sql), ...breaksFormer(sql)])
		).toEqual([]);
		expect(faultsOf(all)).toEqual([]);
		load!.phase = "migration";
		const waits = await watchLocks(database, () => migrate(database.url));
		lines.push(`migration: ${JSON.stringify(waits)}`);
		expectNoneCancelled(waits);
		for (const [index, { file }] of typicalMigrations.entries()) {
			load!.phase = file;
			const given = [...all, ...typicalMigrations.slice(0, index + 1)];
			const from = performance.now();
			const seen = await watchLocks(database, () => migrate(database.url, given));
			lines.push(`${file}: ${Math.round(performance.now() - from)} ms, ${JSON.stringify(seen)}`);
			expectNoneCancelled(seen);
		}
		expect(load!.failures).toEqual([]);
	},
	longMs
);

it("callees of this version serve a gateway and a saga of the last release, beside theirs and alone", async () => {
	const [old, present] = [[release.version], [manifest.version]];
	await join(callees, manifest.version);
	const both = [...old, ...present];
	expect(await everyFlow()).toEqual({ gateway: old, order: old, [callees]: both });
	await leave(callees);
	expect(await everyFlow()).toEqual({ gateway: old, order: old, [callees]: present });
	expect(load!.failures).toEqual([]);
}, 120_000);

it("a gateway and a saga of this version run beside those of the last release, and alone with its callees", async () => {
	const [old, present] = [[release.version], [manifest.version]];
	await Promise.all([join("order", manifest.version), join("gateway", manifest.version)]);
	const both = [...old, ...present];
	expect(await everyFlow()).toEqual({ gateway: both, order: both, [callees]: present });
	await Promise.all([leave("order"), leave("gateway"), join(callees, release.version)]);
	await leave(callees);
	expect(await everyFlow()).toEqual({ gateway: present, order: present, [callees]: old });
	expect(load!.failures).toEqual([]);
}, 180_000);

it("no request failed, and each order is confirmed", async () => {
	await load!.stop();
	expect(load!.failures).toEqual([]);
	expect(load!.orders.length).toBeGreaterThan(5);
	const open = [...inProgressStatuses];
	await until(async () => {
		const [row] = await database.rows<{ count: number }>(
			"select count(*)::int from orders.orders where status = any ($1)",
			[open]
		);
		return row!.count === 0;
	}, 60_000);
	const ends = await database.rows(
		"select distinct status from orders.orders where id = any ($1::uuid[])",
		[load!.orders]
	);
	expect(ends).toEqual([{ status: "confirmed" }]);
	lines.push(
		`${load!.outcomes.length} requests, ${load!.failures.length} failed, ${load!.orders.length} orders, the slowest took ${quantile(load!.outcomes, 1)} ms`,
		...Object.entries(load!.slowestMs).map(([phase, ms]) => `slowest, ${phase}: ${ms} ms`)
	);
}, 180_000);

it(
	"no check of stored data finds a difference",
	async () => {
		const [{ count }] = (await database.rows<{ count: number }>(
			"select count(*)::int from orders.orders where user_id like 'copied-%'"
		)) as [{ count: number }];
		expect(count).toBe(orderCount);
		const found = await differencesIn(database.url, environment);
		expect(found).toEqual([]);
	},
	longMs
);
