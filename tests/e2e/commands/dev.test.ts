import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildPatchedTree } from "../../../chaos/mutations/patched-tree.ts";
import { freePort } from "../../../launch/process/free-port.ts";
import { launch, run } from "../../support/servers/processes.ts";
import { temporaryFolder } from "../../support/servers/temporary-folder.ts";
import { until } from "../../support/until.ts";

const repository = join(import.meta.dirname, "../../..");
const withinMs = 60_000;

describe("npm run dev", () => {
	const root = temporaryFolder();
	const contract = join(root, "contracts/gateway.ts");
	let PORT: string;
	const DATA_DIR = temporaryFolder();
	let dev: ReturnType<typeof launch>;

	beforeAll(async () => {
		buildPatchedTree(repository, root, []);
		PORT = String(await freePort());
		dev = launch("dev.ts", [], { PORT, DATA_DIR }, root);
		await until(() => dev.output().includes("The shop is open."), withinMs);
	}, withinMs + 10_000);

	afterAll(async () => {
		dev?.child.kill("SIGTERM");
		await until(() => dev.child.exitCode !== null, 30_000);
	});

	const summary = async () => {
		const answer = await fetch(`http://127.0.0.1:${PORT}/openapi.json`).catch(() => undefined);
		const document = (await answer?.json().catch(() => undefined)) as
			{ paths: Record<string, { get?: { summary: string } }> } | undefined;
		return document?.paths["/health"]?.get?.summary;
	};
	/** As editors do that never leave half of a file, and `git checkout`. */
	const change = (from: string, to: string) => {
		writeFileSync(`${contract}.new`, readFileSync(contract, "utf8").replace(from, to));
		renameSync(`${contract}.new`, contract);
	};

	it("serves the changed source on the same port", async () => {
		expect(await summary()).toContain("Health of the shop's services");
		change("Health of the shop's services", "How the shop is");
		await until(async () => (await summary())?.includes("How the shop is") ?? false, withinMs);
		const said = /changed: contracts\/gateway\.ts\n(.*\n)*?ready after \d+\.\d s/;
		await until(() => said.test(dev.output()), withinMs);
	});

	it("says where a fault is, and goes on once it is mended", async () => {
		change("How the shop is", '" + ; "');
		await until(() => dev.output().includes("starts again when its source changes"), withinMs);
		expect(dev.output()).toContain("contracts/gateway.ts:");
		for (const [script, args] of [
			["demo.ts", []],
			["stream.ts", ["lag"]],
			["status.ts", []],
			["repl.ts", []]
		] as const) {
			const { code, output } = await run(script, [...args], { DATA_DIR, HOME: DATA_DIR });
			expect(output).toMatch(
				/^The shop of npm run dev \(pid \d+\) has ended because of a fault in its source: see its terminal\.$/m
			);
			expect([script, code]).toEqual([script, 1]);
		}
		change('" + ; "', "It goes on");
		await until(async () => (await summary())?.includes("It goes on") ?? false, withinMs);
	});

	it("logs requests, and nothing that each start prints", () => {
		expect(dev.output()).toMatch(
			/^\d\d:\d\d:\d\d INFO {2}gateway {6}GET \/openapi\.json 200 [\d.]+ ms$/m
		);
		expect(dev.output()).not.toMatch(/REGISTRY|^ready: |Stopping: /m);
	});
});
