import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "../../../launch/process/free-port.ts";
import { temporaryFolder } from "../../support/servers/temporary-folder.ts";
import { launch, processesOf, type Running, startShop } from "../../support/servers/processes.ts";
import { until } from "../../support/until.ts";
import { address } from "../../support/shop/orders.ts";

async function placeOrder(url: string): Promise<string> {
	const response = await fetch(`${url}/api/v1/orders`, {
		method: "POST",
		headers: { "content-type": "application/json", prefer: "wait=5" },
		body: JSON.stringify({
			items: [{ product_id: "prod-001", quantity: 1 }],
			shipping_address: address
		})
	});
	const { id } = (await response.json()) as { id: string };
	// A busy machine takes longer than the five seconds.
	await until(async () => {
		const order = (await (await fetch(`${url}/api/v1/orders/${id}`)).json()) as { status: string };
		return order.status === "confirmed";
	}, 20_000);
	return id;
}

async function orderIds(url: string): Promise<string[]> {
	const response = await fetch(`${url}/api/v1/orders`);
	const { data } = (await response.json()) as { data: { id: string }[] };
	return data.map(({ id }) => id);
}

/** The server processes of the folder. A child that was just forked still has its parent's name. */
function serversOf(folder: string) {
	const named = processesOf(folder).filter(({ command }) => command.includes(folder));
	const pids = new Set(named.map(({ pid }) => pid));
	return named.filter(({ parent }) => !pids.has(parent));
}

/** A program that stays. */
const forever = "setInterval(() => undefined, 1000)";

/** Lines `Name: 123 kB` of a file below /proc; none for a process that has ended. */
function numbersIn(path: string): (name: string) => number {
	let text = "";
	try {
		text = readFileSync(path, "utf8");
	} catch {
		// The process has ended.
	}
	return name => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(text)?.[1] ?? 0);
}

/** Memory of the launcher and all its descendants, in MB; shared memory is counted in parts (PSS). */
function residentMB(launcher: number): number {
	const pids = readdirSync("/proc").filter(name => /^\d+$/.test(name));
	const parents = new Map(pids.map(pid => [pid, numbersIn(`/proc/${pid}/status`)("PPid")]));
	const sum = (pid: string): number =>
		pids
			.filter(child => parents.get(child) === Number(pid))
			.reduce((all, child) => all + sum(child), numbersIn(`/proc/${pid}/smaps_rollup`)("Pss"));
	return (sum(String(launcher)) * 1024) / 1e6;
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

	it("starts a shop on an empty folder and prints how to use it", async () => {
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

	it("fits, with its server, in 350 MB of memory", () => {
		const used = residentMB(shop.pid);
		expect(used).toBeGreaterThan(50);
		// 290 to 340 MB were measured, the more the busier the machine: less garbage is collected.
		expect(used).toBeLessThan(350);
	});

	it.each(["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const)(
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
		const backup = spawn(process.execPath, ["-e", forever, "--", `${DATA_DIR}/postgres`]);
		shop = await startShop({ DATA_DIR });
		expect([backup.exitCode, backup.signalCode]).toEqual([null, null]);
		backup.kill("SIGKILL");
		await once(backup, "exit");
		expect(shop.output()).toContain("stopped the database of a killed shop");
		expect(await orderIds(shop.url)).toEqual(placed);
		expect(serversOf(DATA_DIR)).toHaveLength(1);
	}, 60_000);

	it("finds the servers of a killed shop by any name of their folder", async () => {
		await shop.kill9();
		const link = join(temporaryFolder(), "link");
		symlinkSync(DATA_DIR, link);
		const { stop, output } = await startShop({ DATA_DIR: link });
		expect(output()).toContain("stopped the database of a killed shop");
		expect(await stop()).toBe(0);
		shop = await startShop({ DATA_DIR });
	}, 60_000);

	it.each([0, 500])(
		"ends in order %d ms after the start of its services",
		async afterMs => {
			await shop.stop();
			const { child, output } = launch("start.ts", [], { DATA_DIR, PORT: "0" });
			const exit = once(child, "exit");
			await until(() => output().includes("starting the services"), 30_000);
			await delay(afterMs);
			child.kill("SIGTERM");
			expect(await exit).toEqual([0, null]);
			expect(output()).not.toMatch(/The shop is open|ERROR|WARN|terminated|ECONNREFUSED/);
			expect(processesOf(DATA_DIR)).toEqual([]);
		},
		60_000
	);

	it("serves although its output goes to a full disk", async () => {
		await shop.stop();
		const PORT = String(await freePort());
		const full = openSync("/dev/full", "w");
		const { PATH = "" } = process.env;
		const child = spawn("node", ["cli/start.ts"], {
			env: { PATH, DATA_DIR, PORT },
			stdio: ["ignore", full, full]
		});
		closeSync(full);
		const exit = once(child, "exit");
		const isOpen = () =>
			fetch(`http://127.0.0.1:${PORT}/health/ready`).then(
				({ ok }) => ok,
				() => false
			);
		await until(isOpen, 30_000);
		child.kill("SIGTERM");
		expect(await exit).toEqual([0, null]);
	}, 60_000);

	it("ends in order, without a stack, when the reader of its output is gone", async () => {
		await shop.stop();
		const { child } = launch("start.ts", [], { DATA_DIR, PORT: new URL(shop.url).port });
		let errors = "";
		child.stderr.on("data", text => (errors += text));
		const exit = once(child, "exit");
		child.stdout.once("data", () => child.stdout.destroy());
		expect([await exit, errors]).toEqual([[0, null], expect.not.stringContaining("EPIPE")]);
		expect(serversOf(DATA_DIR)).toEqual([]);
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
