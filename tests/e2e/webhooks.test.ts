import { execFile } from "node:child_process";
import { readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "../../launch/process/free-port.ts";
import { startShop, type Running } from "../support/servers/processes.ts";
import { temporaryFolder } from "../support/servers/temporary-folder.ts";

/** Every step of docs/webhooks.md, as a reader types it, in one shell. */

const root = join(import.meta.dirname, "../..");
const page = readFileSync(join(root, "docs/webhooks.md"), "utf8");
const [program] = /(?<=^```js\n)[^]*?(?=^```$)/m.exec(page)!;
const blocks = [...page.matchAll(/^```bash\n([^]*?)^```$(?:\n+```text\n([^]*?)^```$)?/gm)];
const separator = "\u001e";

describe("docs/webhooks.md", () => {
	const folder = temporaryFolder();
	let shop: Running;
	let answers: string[];

	beforeAll(async () => {
		shop = await startShop({ WEBHOOK_ALLOWED_NETWORKS: "127.0.0.1" });
		const port = String(await freePort());
		const adapt = (text: string) =>
			text.replaceAll("localhost:8080", new URL(shop.url).host).replaceAll("9000", port);
		writeFileSync(join(folder, "receiver.mjs"), adapt(program));
		symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
		const script = blocks.map(([, text]) => `${adapt(text!)}\nprintf '\\036'`).join("\n");
		const { PATH = "", HOME = "" } = process.env;
		const { stdout } = await promisify(execFile)("bash", ["-c", `${script}\nkill %1`], {
			cwd: folder,
			env: { PATH, HOME },
			timeout: 60_000
		});
		answers = stdout.split(separator);
	}, 120_000);

	afterAll(async () => {
		await shop?.stop();
		rmSync(folder, { recursive: true, force: true });
	}, 30_000);

	it.each(
		blocks.map(([, , text = ""], index) => [index, text.split("\n").filter(Boolean)] as const)
	)("step %d answers as it says", (index, lines) => {
		for (const line of lines) expect(answers[index]).toContain(line);
	});

	it("has the events in the receiver's log, none refused", () => {
		const log = readFileSync(join(folder, "received.log"), "utf8");
		expect(log).toMatch(/^order\.created 1 \{.*"status":"pending"/m);
		expect(log).not.toContain("refused");
	});
});
