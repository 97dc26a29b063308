import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import manifest from "../../../package.json" with { type: "json" };
import { blockOf, printed, runPage } from "../../support/http/clients-page.ts";
import { startShop, type Running } from "../../support/servers/processes.ts";
import { temporaryFolder } from "../../support/servers/temporary-folder.ts";

/** A TypeScript client, made as docs/clients.md says, on a running shop. */

const modules = join(import.meta.dirname, "../../../node_modules");
let shop: Running;

beforeAll(async () => {
	shop = await startShop();
}, 90_000);
afterAll(() => shop?.remove(), 60_000);

it("is made of packages that this tree has, in their versions", () => {
	const [, packages] = blockOf("bash").split("npm install --save-dev ");
	expect(Object.keys(manifest.devDependencies)).toEqual(
		expect.arrayContaining(packages!.trim().split(" "))
	);
});

it("is generated, compiles strictly, places an order and reads a typed problem", async () => {
	const folder = temporaryFolder();
	symlinkSync(modules, join(folder, "node_modules"));
	writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
	const output = await runPage({
		commands: "bash typescript",
		program: { fence: "ts", file: "shop.ts" },
		folder,
		shopUrl: shop.url
	});
	for (const line of printed) expect(output).toMatch(line);
}, 120_000);
