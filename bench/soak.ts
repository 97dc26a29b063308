import { spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "../launch/process/free-port.ts";
import type { Lifecycle } from "../launch/process/lifecycle.ts";
import { poll } from "../lib/retry.ts";
import { deliveryAddress } from "../workload/address.ts";
import { seedStock } from "../workload/stock.ts";
import { startBenchPostgres } from "./temporary-postgres.ts";

/** Orders and memory at the end of a minute. */
export interface SoakMinute {
	minute: number;
	orders: number;
	/** Resident, of the process with all services and the simulated provider, in MB. */
	memoryMb: number;
}

const customers = 24;
const units = 10_000_000;

/** In MB, of a process on Linux. */
function residentMb(pid: number): number {
	const [, kb] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))!;
	return Math.round(Number(kb) / 1000);
}

async function startShop(
	life: Lifecycle
): Promise<{ child: ChildProcess; url: string; products: string[] }> {
	const { folder, postgres } = await startBenchPostgres(life);
	const port = await freePort();
	const { PATH = "", HOME = "" } = process.env;
	const env = {
		PATH,
		HOME,
		DATABASE_URL: postgres.url,
		DATA_DIR: folder,
		PORT: String(port),
		ORDER_MAX_OPEN: "0",
		ORDER_MAX_STOCK_PERCENT: "0",
		LOG_LEVEL: "error"
	};
	const program = join(import.meta.dirname, "../cli/start.ts");
	const child = spawn(process.execPath, [program], { env, stdio: ["ignore", "ignore", "inherit"] });
	const exit = once(child, "exit");
	life.atEnd(async () => {
		child.kill("SIGTERM");
		await exit;
	});
	void exit.then(() => life.fail(new Error("the shop ended")));
	const url = `http://localhost:${port}`;
	const isReady = () =>
		fetch(`${url}/health/ready`).then(
			({ ok }) => ok,
			() => false
		);
	await poll(isReady, { everyMs: 100, withinMs: 60_000 });
	return { child, url, products: await seedStock(postgres.url, "soak", units) };
}

/** Returns whether it was accepted. A shop that is full says so, and the customer comes back. */
async function placeOrder(url: string, product: string): Promise<boolean> {
	const response = await fetch(`${url}/api/v1/orders`, {
		method: "POST",
		headers: { "content-type": "application/json", "idempotency-key": randomUUID() },
		body: JSON.stringify({
			items: [{ product_id: product, quantity: 1 }],
			shipping_address: deliveryAddress
		})
	});
	const text = await response.text();
	if (response.status === 201) return true;
	if (response.status !== 503) throw new Error(`an order was answered ${response.status}: ${text}`);
	await delay(100);
	return false;
}

/** Customers who order one after the other from `npm start`, for some minutes; each is reported when it is over. */
export async function soak(
	life: Lifecycle,
	minutes: number,
	onMinute: (figures: SoakMinute) => void
): Promise<void> {
	const { child, url, products } = await startShop(life);
	const end = performance.now() + minutes * 60_000;
	let orders = 0;
	const customer = async (_: unknown, index: number) => {
		while (performance.now() < end)
			if (await placeOrder(url, products[index % products.length]!)) orders++;
	};
	const all = Promise.all(Array.from({ length: customers }, customer));
	for (let minute = 1; minute <= minutes; minute++) {
		await Promise.race([delay(60_000), all]);
		onMinute({ minute, orders, memoryMb: residentMb(child.pid!) });
	}
	await all;
}
