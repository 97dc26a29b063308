import { rmSync } from "node:fs";
import { join } from "node:path";
import type { ServiceBroker, ServiceSchema } from "moleculer";
import pg from "pg";
import { startPostgres, type PostgresServer } from "../../../launch/servers/embedded-postgres.ts";
import { order } from "../../../contracts/order.ts";
import { migrate } from "../../../db/migrate.ts";
import { seed } from "../../../db/seed.ts";
import { newId } from "../../../lib/id.ts";
import { call } from "../../../lib/service.ts";
import orderService from "../../../services/order/order.service.ts";
import { readLedger } from "../../../psp/ledger/ledger.ts";
import paymentService from "../../../services/payment/payment.service.ts";
import productService from "../../../services/product/product.service.ts";
import { startNode } from "../../support/servers/start-node.ts";
import { temporaryFolder } from "../../support/servers/temporary-folder.ts";
import { place, settledOrder } from "../../support/shop/orders.ts";
import { until } from "../../support/until.ts";
import { alice, as } from "../../support/shop/callers.ts";
import { brokenStock } from "../../support/shop/stock.ts";

/**
 * Postgres is killed between two steps of an order and recovers without the commits that were not
 * flushed; the node keeps running with the responses it got. (docs/decisions/0005)
 */

let folder: string;
let server: PostgresServer;
let client: pg.Pool;
let broker: ServiceBroker;

beforeEach(async () => {
	folder = temporaryFolder();
	server = await startPostgres({
		directory: join(folder, "postgres"),
		connections: 60,
		progress: () => undefined,
		onCrash: () => undefined
	});
	await migrate(server.url);
	await seed(server.url);
	client = new pg.Pool({ connectionString: server.url, max: 2 });
	client.on("error", () => undefined);
	// Commits that do not flush stay unflushed, so that every crash loses them.
	await client.query("alter system set wal_writer_delay = '10s'");
	await client.query("select pg_reload_conf()");
}, 60_000);

afterEach(async () => {
	await broker.stop();
	await client.end();
	await server.stop();
	rmSync(folder, { recursive: true, force: true });
}, 30_000);

const rows = async (sql: string, values: unknown[] = []) => (await client.query(sql, values)).rows;

/** Kills one backend, after which Postgres ends all of them and recovers; waits until it has. */
async function crash(): Promise<void> {
	const backend = new pg.Client({ connectionString: server.url });
	backend.on("error", () => undefined);
	await backend.connect();
	const { rows: found } = await backend.query<{ pid: number }>("select pg_backend_pid() as pid");
	const before = await rows("select id from orders.incarnation");
	process.kill(found[0]!.pid, "SIGKILL");
	await until(async () => {
		const now = await rows("select id from orders.incarnation").catch(() => before);
		return now[0]?.id !== before[0]?.id;
	}, 20_000);
	await backend.end().catch(() => undefined);
}

/** The service, with one crash the first time one of its actions is about to run or has run. */
function crashing(
	service: ServiceSchema,
	when: "before" | "after",
	action: string,
	also: () => Promise<unknown> = async () => undefined
): ServiceSchema {
	let crashed = false;
	const hook = async (_: unknown, result?: unknown) => {
		if (!crashed) {
			crashed = true;
			await crash();
			await also();
		}
		return result;
	};
	return { ...service, hooks: { [when]: { [action]: hook } } } as ServiceSchema;
}

async function start(...services: ServiceSchema[]): Promise<void> {
	broker = await startNode(services, {
		DATABASE_URL: server.url,
		DATA_DIR: folder,
		LOG_LEVEL: "fatal",
		SAGA_LEASE_MS: "3000",
		SAGA_POLL_MS: "50"
	});
	await until(async () => (await rows("select 1 from orders.incarnation")).length === 1);
}

/** The order once it has settled; undefined while Postgres is down. */
const ended = (id: string) =>
	until(() => settledOrder(broker, id, 0).catch(() => undefined), 30_000);

/** Checks of all orders once none is in progress. */
async function laws(): Promise<void> {
	await until(async () => (await rows("select 1 from orders.saga")).length === 0, 30_000);
	const { charges, refunds } = await readLedger(join(folder, "psp-ledger.jsonl"));
	const net = new Map<string, number>();
	for (const { order_id, amount, status } of charges)
		if (status === "succeeded") net.set(order_id, (net.get(order_id) ?? 0) + amount);
	for (const { charge_ref, amount } of refunds) {
		const { order_id } = charges.find(({ ref }) => ref === charge_ref)!;
		net.set(order_id, net.get(order_id)! - amount);
	}
	for (const { id, status, total_minor } of await rows("select * from orders.orders"))
		expect([id, status, net.get(id) ?? 0]).toEqual([
			id,
			status,
			status === "confirmed" ? Number(total_minor) : 0
		]);
	expect(await brokenStock({ rows })).toEqual([]);
	expect(await rows("select * from product.stock where reserved <> 0")).toEqual([]);
	const [sold] = await rows(`
		select coalesce(sum(-d_on_hand), 0)::int as units,
			(select coalesce(sum((item->>'quantity')::int), 0)::int
				from orders.orders, jsonb_array_elements(items) as item where status = 'confirmed') as confirmed
		from product.stock_ledger where reason in ('sold', 'returned')`);
	expect(sold.units).toBe(sold.confirmed);
	expect(await rows("select * from payment.payments where status = 'processing'")).toEqual([]);
}

describe("a crash of Postgres that the node survives", () => {
	it.each([
		["after the units were reserved", productService, "after", "reserve", paymentService],
		["before the charge", paymentService, "before", "charge", productService],
		["after the charge", paymentService, "after", "charge", productService],
		["after the reservation was committed", productService, "after", "commit", paymentService]
	] as const)(
		"%s: the order is confirmed, with its units and one charge",
		async (_, service, when, action, other) => {
			await start(crashing(service, when, action), other, orderService);
			const { order: placed } = await place(broker);
			expect((await ended(placed.id)).status).toBe("confirmed");
			await laws();
		},
		60_000
	);

	it("after a declined order's units were released: none stays locked", async () => {
		await start(crashing(productService, "after", "release"), paymentService, orderService);
		const { order: placed } = await place(broker, { payment_method: "pm_card_chargeDeclined" });
		expect((await ended(placed.id)).status).toBe("payment_failed");
		await laws();
	}, 60_000);

	it.each(["before", "after"] as const)(
		"%s the charge of an order that is then cancelled: no money and no units are kept",
		async when => {
			const placed = newId();
			let id = "";
			const cancel = async () => {
				const params = { id, idempotency_key: newId() };
				await call(broker, order.actions.cancel, params, as(alice));
			};
			const service = crashing(paymentService, when, "charge", cancel);
			await start(productService, service, orderService);
			({ id } = (await place(broker, { idempotency_key: placed })).order);
			const settled = await ended(id);
			expect(["cancelled", "refunded"]).toContain(settled.status);
			await laws();
		},
		60_000
	);

	it("after the customer got the response: the order is still confirmed", async () => {
		await start(productService, paymentService, orderService);
		const { order: confirmed } = await place(broker, { wait_s: 10 });
		expect(confirmed.status).toBe("confirmed");
		await crash();
		// Read at once: the saga would confirm an order again whose confirmation was lost.
		const [found] = await rows("select status from orders.orders where id = $1", [confirmed.id]);
		expect(found).toEqual({ status: "confirmed" });
		await laws();
	}, 60_000);
});
