import { join } from "node:path";
import { describeWith } from "../../support/describe-with.ts";
import { printed, runPage } from "../../support/http/clients-page.ts";
import { startShop, type Running } from "../../support/servers/processes.ts";
import { installWithinMs, pythonVenv } from "../../support/python-venv.ts";
import { temporaryFolder } from "../../support/servers/temporary-folder.ts";

/** A Python client, made as docs/clients.md says, on a running shop. */

describeWith("python")("a Python client", () => {
	let venv: string;
	let shop: Running;

	beforeAll(async () => {
		venv = await pythonVenv("openapi-python-client", "openapi-python-client==0.29.1");
	}, installWithinMs);
	beforeAll(async () => {
		shop = await startShop();
	}, 90_000);
	afterAll(() => shop?.remove(), 60_000);

	it("is generated without a gap but images, places an order and reads a typed problem", async () => {
		const output = await runPage({
			commands: "bash python",
			program: { fence: "python", file: "shop.py" },
			folder: temporaryFolder(),
			shopUrl: shop.url,
			env: { PATH: `${join(venv, "bin")}:${process.env.PATH}` }
		});
		const gaps = [...output.matchAll(/WARNING parsing (.*) within/g)].map(([, gap]) => gap);
		expect(gaps).toEqual(["GET /images/{name}"]);
		for (const line of printed) expect(output).toMatch(line);
	}, 120_000);
});
