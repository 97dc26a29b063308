import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { freePort } from "../../../launch/process/free-port.ts";
import {
	launch,
	processesOf,
	type Running,
	run,
	startCluster,
	startShop
} from "../../support/servers/processes.ts";
import { temporaryFolder } from "../../support/servers/temporary-folder.ts";
import { until } from "../../support/until.ts";
import { address } from "../../support/shop/orders.ts";

const place = (url: string) =>
	fetch(`${url}/api/v1/orders`, {
		method: "POST",
		headers: { "content-type": "application/json", prefer: "wait=8" },
		body: JSON.stringify({
			items: [{ product_id: "prod-001", quantity: 1 }],
			shipping_address: address
		})
	});

const nodesOf = (folder: string, service: string) =>
	processesOf(folder).filter(({ environment }) => environment.includes(`SERVICES=${service}\n`));

describe("npm run cluster -- gateway=2", () => {
	let output = "";
	let stop: () => Promise<unknown>;

	beforeAll(async () => {
		const DATA_DIR = temporaryFolder();
		const env = { DATA_DIR, PORT: "0", METRICS_PORT: "0", HEALTH_PORT: "0", HOST: "0.0.0.0" };
		const started = launch("cluster.ts", ["gateway=2"], env);
		stop = async () => {
			const exit = once(started.child, "exit");
			started.child.kill("SIGTERM");
			await exit;
		};
		await until(() => started.output().includes("Stop:     Ctrl-C"), 60_000);
		output = started.output();
	}, 90_000);

	afterAll(() => stop(), 60_000);

	it("gives each gateway a free port, and prints the address of every server", async () => {
		const shops = [...output.matchAll(/^gateway-\d \| ready: .*; shop (\S+), health (\S+),/gm)];
		const urls = shops.map(([, url]) => url!);
		expect(new Set(urls).size).toBe(2);
		for (const url of urls) expect((await fetch(`${url}/health/live`)).status).toBe(200);
		const [, shop] = /^ {2}shop +(http:\/\/localhost:\d+)\/api/m.exec(output)!;
		expect(urls).toContain(shop);
		const health = [...output.matchAll(/^ {4}gateway-\d +(http\S+\/health)$/gm)];
		expect(health.map(([, url]) => url)).toEqual(shops.map(([, , url]) => url));
		for (const [, url] of health) expect((await fetch(url!)).status).toBe(200);
		const metrics = [...output.matchAll(/^ {4}[a-z]+-\d +(http\S+\/metrics)$/gm)];
		expect(metrics).toHaveLength(9);
		for (const [, url] of metrics) expect((await fetch(url!)).status).toBe(200);
		expect(output).not.toMatch(/:0\b/);
	});
});

describe("npm run cluster -- order=2", () => {
	let cluster: Running;

	beforeAll(async () => {
		cluster = await startCluster(["order=2"]);
	}, 90_000);

	afterAll(() => cluster.remove());

	it("starts without a warning of nodes that are not there yet", () => {
		expect(cluster.output().match(/^.*WARN.*not (registered|available).*$/gm) ?? []).toEqual([]);
	});

	it("runs a process per node and names it on each of its lines", () => {
		const singles = [
			"gateway-1",
			"user-1",
			"product-1",
			"payment-1",
			"notification-1",
			"analytics-1"
		];
		for (const name of [...singles, "order-1", "order-2"])
			expect(cluster.output()).toMatch(new RegExp(`^${name} +\\| ready: `, "m"));
	});

	it("takes and confirms an order across the processes", async () => {
		const response = await place(cluster.url);
		expect(response.status).toBe(201);
		expect(await response.json()).toMatchObject({ status: "confirmed" });
	}, 20_000);

	it("has a connection for each of its pools under load", async () => {
		const responses = await Promise.all(Array.from({ length: 150 }, () => place(cluster.url)));
		const statuses = new Set(responses.map(({ status }) => status));
		expect([...statuses].filter(status => status >= 500)).toEqual([]);
		expect(readFileSync(join(cluster.dataDir, "postgres.log"), "utf8")).not.toMatch(
			/too many clients|connection slots/
		);
	}, 60_000);

	it("lets the REPL join as a node without services", async () => {
		const { code, output } = await run(
			"repl.ts",
			[],
			{ DATA_DIR: cluster.dataDir, HOME: cluster.dataDir },
			"nodes\nstock prod-001\n"
		);
		const text = stripVTControlCharacters(output);
		expect(text).toMatch(/║ guest\..* \(\*\)/);
		expect(text.match(/║ order\./g)).toHaveLength(2);
		expect(text).toContain("prod-001  on hand");
		expect(code).toBe(0);
	}, 30_000);

	it("reports a node that crashed and restarts it", async () => {
		const ready = () => cluster.output().match(/^payment-1 +\| ready/gm)!.length;
		const payment = nodesOf(cluster.dataDir, "payment")[0]!;
		process.kill(payment.pid, "SIGKILL");
		await until(() => ready() === 2, 20_000);
		expect(cluster.output()).toMatch(/^payment-1 +\| ended with SIGKILL; starting it again/m);
	}, 30_000);

	it("ends on SIGINT with exit code 0, the gateway first, and leaves no process", async () => {
		const before = cluster.output().length;
		expect(await cluster.stop("SIGINT")).toBe(0);
		expect(processesOf(cluster.dataDir)).toEqual([]);
		const stopping = cluster
			.output()
			.slice(before)
			.match(/^\w+-\d(?= +\| Stopping)/gm)!;
		expect(stopping).toHaveLength(9);
		expect(stopping[0]).toBe("gateway-1");
		expect(readdirSync(cluster.dataDir)).not.toContain("running.json");
	}, 30_000);

	it("lets the REPL join while the nodes are starting", async () => {
		const { dataDir: DATA_DIR } = cluster;
		const PORT = String(await freePort());
		const starting = startCluster([], { DATA_DIR, PORT });
		await until(() => existsSync(join(DATA_DIR, "running.json")), 30_000);
		const early = await fetch(`http://127.0.0.1:${PORT}/health/ready`).catch(() => undefined);
		const repl = await run("repl.ts", [], { DATA_DIR, HOME: DATA_DIR }, "nodes\n");
		cluster = await starting;
		expect(early).toBeUndefined();
		expect(repl.output).toContain("joining the nodes on the bus");
		expect(repl.code).toBe(0);
	}, 60_000);

	it("leaves no process when a node is frozen and does not end", async () => {
		const frozen = nodesOf(cluster.dataDir, "order")[0]!;
		process.kill(frozen.pid, "SIGSTOP");
		expect(await cluster.stop()).toBe(0);
		expect(cluster.output()).toMatch(
			/^order-\d +\| has not ended after 21000 ms, so it is killed$/m
		);
		expect(cluster.output().match(/^\w+-\d(?= +\| Stopping)/gm)).toHaveLength(7);
		expect(processesOf(cluster.dataDir)).toEqual([]);
	}, 90_000);

	it("leaves no process when its launcher is killed, and another cluster or npm start follows", async () => {
		const { dataDir: DATA_DIR } = cluster;
		const nodes = () =>
			processesOf(DATA_DIR).filter(({ command }) => command.includes(join("cli", "node.ts")));
		for (let kill = 0; kill < 2; kill++) {
			cluster = await startCluster([], { DATA_DIR });
			expect((await place(cluster.url)).status).toBe(201);
			await cluster.kill9();
			await until(() => nodes().length === 0, 20_000);
		}
		const next = await startShop({ DATA_DIR });
		expect((await place(next.url)).status).toBe(201);
		expect(await next.stop()).toBe(0);
		expect(processesOf(DATA_DIR)).toEqual([]);
	}, 120_000);
});
