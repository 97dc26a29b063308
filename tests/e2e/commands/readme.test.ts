import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { testDatabase } from "../../support/servers/database.ts";
import {
	launch,
	run,
	startCluster,
	startShop,
	type Running
} from "../../support/servers/processes.ts";
import { until } from "../../support/until.ts";

const execute = promisify(execFile);
const root = join(import.meta.dirname, "../../..");
const readme = readFileSync(join(root, "README.md"), "utf8");
const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
	scripts: Record<string, string>;
};

/** The commands of the blocks; one may span several lines. */
const blocks = [...readme.matchAll(/```bash\n([^`]+)```/g)]
	.flatMap(([, block]) => block!.split(/\n(?=\S)/))
	.map(command => command.trim());
const curls = blocks.filter(command => command.startsWith("curl "));
const npm = [...readme.matchAll(/`?(npm (?:ci|start|test|run)\b[^`\n]*)/g)].map(([, c]) =>
	c!.trim()
);

/** Every npm command of the README → where it is tested. */
const runBy: Record<string, string> = {
	"npm ci && npm start": ".ci/run (npm ci) and below",
	"npm start": "below",
	"npm start -- --fresh": "below",
	"npm run dev": "tests/e2e/commands/dev.test.ts",
	"npm run status": "tests/e2e/commands/beside.test.ts",
	"npm run admin -- create you@example.com": "tests/e2e/commands/admin.test.ts",
	"npm run repl": "below, and beside a shop in tests/e2e/commands/beside.test.ts",
	"npm run cluster": "below",
	"npm run cluster -- order=3 payment=2": "below, with npm run demo",
	"npm run demo": "tests/e2e/commands/demo.test.ts",
	"npm run demo -- --orders 1000": "tests/e2e/commands/demo.test.ts, with fewer",
	"npm run kafka": "tests/integration/streams/kafka-command.test.ts",
	"npm run kafka -- consume orders": "tests/integration/streams/kafka-command.test.ts",
	"npm run log:switch": "tests/e2e/commands/log-switch.test.ts",
	"npm run psp": "tests/integration/payment/psp.test.ts",
	"npm run chaos": "npm test",
	"npm run chaos -- --bugs":
		"by hand: each bug's place in the source is held by chaos/mutations/planted-bugs.test.ts",
	"npm run bench -- streams": "by hand: it measures",
	"npm run load": "tests/e2e/commands/load.test.ts",
	"npm run load -- spike": "by hand: it takes more than a minute",
	"npm run stream": "tests/e2e/commands/stream.test.ts",
	"npm run stream -- lag": "tests/e2e/commands/stream.test.ts",
	"npm test": ".ci/run",
	"npm run check": "npm test, part by part",
	"npm run restore:reconcile": "tests/e2e/commands/restore-reconcile.test.ts",
	"npm run verify -- orders": "tests/e2e/commands/verify.test.ts",
	"npm run generate": "tests/generated.test.ts and tests/integration/db/schema.test.ts"
};

describe("the README", () => {
	it("names only commands that a test runs", () => {
		expect([...new Set(npm)].sort()).toEqual(Object.keys(runBy).sort());
		expect(blocks).toEqual(["npm ci && npm start", ...curls]);
	});

	it("names commands that are npm scripts", () => {
		for (const name of ["start", "repl", "cluster", "psp", "test"])
			expect(scripts[name]!.replace(/^exec /, "")).toBe(
				`node -r ./launch/preflight.cjs cli/${name}.ts`
			);
		expect(scripts.generate).toBe("node -r ./launch/preflight.cjs scripts/generate.ts");
		expect(readFileSync(join(root, ".ci/run"), "utf8")).toMatch(/^npm ci .*\n[^]*^npm test/m);
	});

	it("has no broken links", () => {
		const links = [...readme.matchAll(/\]\((?!https?:)([^)]+)\)/g)].map(([, path]) => path!);
		expect(links.length).toBeGreaterThan(10);
		expect(links.filter(path => !existsSync(join(root, path)))).toEqual([]);
	});
});

describe("npm start", () => {
	let shop: Running;
	beforeAll(async () => {
		shop = await startShop({}, ["--fresh"]);
	}, 60_000);
	afterAll(() => shop.remove(), 30_000);

	it("is followed by four lines of curl", () => {
		expect(curls).toHaveLength(4);
	});

	it.each(curls.map(c => [c.split("\n", 1)[0], c]))("answers %s", async (_line, command) => {
		const here = command!.replace("localhost:8080", `localhost:${new URL(shop.url).port}`);
		const script = `${here} --silent --output /dev/null --write-out '%{http_code}'`;
		const { stdout } = await execute("bash", ["-c", script]);
		expect(stdout).toBe(command!.includes("-X POST") ? "201" : "200");
	});
});

describe("npm run repl", () => {
	it("knows the commands of the README", async () => {
		const database = await testDatabase();
		const words = ["call order.list", "nodes", "place prod-001 2", "stock prod-001", "quit", ""];
		const folder = mkdtempSync(join(tmpdir(), "readme-"));
		const env = { DATABASE_URL: database.url, PORT: "0", DATA_DIR: folder };
		const { code, output } = await run("repl.ts", [], env, words.join("\n"));
		expect(output).toMatch(/confirmed {2}\d+\.\d\d USD/);
		expect(output).toMatch(/prod-001 {2}on hand \d+, reserved 0/);
		expect(code).toBe(0);
		rmSync(folder, { recursive: true });
		await database.drop();
	}, 60_000);
});

describe("npm run cluster", () => {
	it("starts as many nodes of a service as requested, on its own servers, and is followed by the demo", async () => {
		const cluster = await startCluster(["order=3", "payment=2"]);
		try {
			await until(async () => (await fetch(`${cluster.url}/health/ready`)).ok, 30_000);
			for (const name of ["order-1", "order-2", "order-3", "payment-1", "payment-2"])
				expect(cluster.output()).toContain(name);
			// Its end, half a minute later, is that of tests/e2e/commands/demo.test.ts.
			const demo = launch("demo.ts", ["--orders", "60"], { DATA_DIR: cluster.dataDir });
			const isPlaced = () => demo.output().includes("60 of 60 orders");
			await until(() => isPlaced() || demo.child.exitCode !== null, 60_000);
			expect(demo.output()).toContain(`placing 60 orders at ${cluster.url}`);
			expect(demo.output()).toContain("60 of 60 orders");
			demo.child.kill("SIGTERM");
			await expect(cluster.stop("SIGINT")).resolves.toBe(0);
			expect(cluster.output()).not.toMatch(/too many clients| 503 /);
		} finally {
			await cluster.remove();
		}
	}, 150_000);
});
