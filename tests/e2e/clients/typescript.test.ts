import { execFile } from "node:child_process";
import { promisify } from "node:util";
import manifest from "../../../package.json" with { type: "json" };
import { blockOf, printed, runPage } from "../../support/http/clients-page.ts";
import { startShop, type Running } from "../../support/servers/processes.ts";
import { temporaryFolder } from "../../support/servers/temporary-folder.ts";

/** A TypeScript client, made as docs/clients.md says, on a running shop. */

let shop: Running;

beforeAll(async () => {
	shop = await startShop();
}, 90_000);
afterAll(() => shop?.remove(), 60_000);

it("is made of packages that this tree has, in their versions", () => {
	const [, packages] = blockOf("bash").split("npm install --save-dev ");
	for (const wanted of packages!.split("\n")[0]!.split(" ")) {
		const [, name, version = ""] = /^(@?[^@]+)@?(.*)$/.exec(wanted)!;
		const own = (manifest.devDependencies as Record<string, string>)[name!];
		expect(own?.replace(/^\D/, "")).toMatch(new RegExp(`^${version.replace(".", "\\.")}`));
	}
});

it("is installed, generated, compiles strictly, places an order and reads a typed problem", async () => {
	const folder = temporaryFolder();
	// A folder of its own, without the modules and the settings of this tree.
	await promisify(execFile)("sh", ["-e", "-c", blockOf("bash")], { cwd: folder });
	const output = await runPage({
		commands: "bash typescript",
		program: { fence: "ts", file: "shop.ts" },
		folder,
		shopUrl: shop.url
	});
	for (const line of printed) expect(output).toMatch(line);
}, 240_000);
