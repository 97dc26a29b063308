import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { processesOf, type Running, startShop } from "../support/processes.ts";
import { until } from "../support/until.ts";

const address = { street: "1 Main St", city: "SF", state: "CA", zip: "94105", country: "USA" };

async function placeOrder(url: string): Promise<string> {
	const response = await fetch(`${url}/api/v1/orders`, {
		method: "POST",
		headers: { "content-type": "application/json", prefer: "wait=5" },
		body: JSON.stringify({
			items: [{ product_id: "prod-001", quantity: 1 }],
			shipping_address: address
		})
	});
	const { id, status } = (await response.json()) as { id: string; status: string };
	expect(status).toBe("confirmed");
	return id;
}

async function orderIds(url: string): Promise<string[]> {
	const response = await fetch(`${url}/api/v1/orders`);
	const { data } = (await response.json()) as { data: { id: string }[] };
	return data.map(({ id }) => id);
}

/** The servers that were started for the folder. */
const serversOf = (folder: string) =>
	processesOf(folder).filter(({ command }) => command.includes(folder));

/** Resident memory of the launcher and all below it, in MB; pages they share count once for each. */
function residentMB(launcher: number): number {
	const statuses = readdirSync("/proc")
		.filter(name => /^\d+$/.test(name))
		.flatMap(pid => {
			try {
				return [readFileSync(`/proc/${pid}/status`, "utf8")];
			} catch {
				return [];
			}
		})
		.map(text => {
			const of = (name: string) =>
				Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(text)?.[1] ?? 0);
			return { pid: of("Pid"), parent: of("PPid"), kib: of("VmRSS") };
		});
	const sum = (pid: number): number =>
		statuses
			.filter(({ parent }) => parent === pid)
			.reduce((total, child) => total + sum(child.pid), statuses.find(s => s.pid === pid)!.kib);
	return (sum(launcher) * 1024) / 1e6;
}

describe("npm start", () => {
	let shop: Running;
	let DATA_DIR: string;
	const placed: string[] = [];

	beforeAll(async () => {
		shop = await startShop();
		DATA_DIR = shop.dataDir;
	}, 60_000);

	afterAll(() => shop.remove());

	it("opens a shop on an empty folder and says how to use it", async () => {
		expect(shop.output()).toContain("The shop is open.");
		expect(shop.output()).toContain("alice@shop.test");
		expect(shop.output()).toContain(`${DATA_DIR}/postgres`);
		placed.push(await placeOrder(shop.url));
	});

	it("keeps its server on the loopback interface, in the data folder", () => {
		expect(serversOf(DATA_DIR).map(({ command }) => command)).toEqual([
			expect.stringContaining(`-D ${DATA_DIR}/postgres -c listen_addresses=127.0.0.1`)
		]);
	});

	it("fits, with its server, in 400 MB of memory", () => {
		const used = residentMB(shop.pid);
		expect(used).toBeGreaterThan(50);
		expect(used).toBeLessThan(400);
	});

	it.each(["SIGINT", "SIGTERM"] as const)(
		"ends on %s with exit code 0, leaves no process, and keeps the orders",
		async signal => {
			expect(await shop.stop(signal)).toBe(0);
			expect(processesOf(DATA_DIR)).toEqual([]);
			shop = await startShop({ DATA_DIR });
			expect(await orderIds(shop.url)).toEqual(placed);
		},
		60_000
	);

	it("recovers by itself after kill -9 and keeps every order it confirmed", async () => {
		placed.unshift(await placeOrder(shop.url));
		await shop.kill9();
		expect(serversOf(DATA_DIR)).toHaveLength(1);
		shop = await startShop({ DATA_DIR });
		expect(shop.output()).toContain("stopped the database of a killed shop");
		expect(await orderIds(shop.url)).toEqual(placed);
		expect(serversOf(DATA_DIR)).toHaveLength(1);
	}, 60_000);

	it("ends with exit code 0 under npm, which signals the shell and not the shop", async () => {
		await shop.stop();
		const { PATH = "" } = process.env;
		const env = { PATH, HOME: DATA_DIR, DATA_DIR, PORT: new URL(shop.url).port };
		const npm = spawn("npm", ["start"], { env, stdio: "ignore" });
		await until(() => fetch(`${shop.url}/health`).catch(() => undefined));
		const exit = once(npm, "exit");
		npm.kill("SIGTERM");
		expect(await exit).toEqual([0, null]);
		expect(serversOf(DATA_DIR)).toEqual([]);
	}, 60_000);

	it("starts over with --fresh", async () => {
		await shop.stop();
		shop = await startShop({ DATA_DIR }, ["--fresh"]);
		expect(await orderIds(shop.url)).toEqual([]);
	}, 60_000);
});
