import { createHash } from "node:crypto";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { unzipSync } from "fflate";
import manifest from "../../../package.json" with { type: "json" };
import { temporaryFolder } from "../../support/servers/temporary-folder.ts";

const root = join(import.meta.dirname, "../../..");
const [, ...words] = manifest.scripts["build:lambda"].split(" ");

/** As `npm run build:lambda` runs it, from another folder. */
const build = (args: string[]) =>
	new Promise<{ code: number | string; text: string }>(done => {
		const script = words.map(word => (word.includes("/") ? join(root, word) : word));
		execFile(
			process.execPath,
			[...script, ...args],
			{ cwd: temporaryFolder(), timeout: 60_000 },
			(error, stdout, stderr) => done({ code: error?.code ?? 0, text: stdout + stderr })
		);
	});

const sumOf = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

it("writes the same function each time, and prints its size, its packages and how long it loads", async () => {
	const files = ["one", "other"].map(name => join(temporaryFolder(), name, "notification.zip"));
	for (const file of files) {
		const { code, text } = await build(["--output", file]);
		expect([code, text]).toEqual([
			0,
			expect.stringMatching(
				/^wrote .*notification\.zip: \d+ KiB\nmodule of \d+ KiB: .*moleculer \d+ KiB.*\nloads in (\d+, ){4}\d+ ms \(/
			)
		]);
		const [, kib] = /zip: (\d+) KiB/.exec(text)!;
		expect(Number(kib)).toBe(Math.round(readFileSync(file).length / 1024));
		// AWS takes 50 MB when it is uploaded as it is.
		expect(Number(kib)).toBeLessThan(5 * 1024);
	}
	const [one, other] = files.map(file => readFileSync(file));
	expect(sumOf(one!)).toBe(sumOf(other!));
	const entries = unzipSync(one!);
	expect(Object.keys(entries).sort()).toEqual(["LICENSE", "index.mjs"]);
	expect(Buffer.from(entries["index.mjs"]!).toString()).not.toContain(root);
}, 120_000);

it.each([
	[["--outfile", "a.zip"], "Unknown option '--outfile'"],
	[["a.zip"], "Unexpected argument 'a.zip'"]
])("refuses %j with its usage", async (args, message) => {
	const { code, text } = await build(args);
	expect([code, text]).toEqual([64, expect.stringContaining(message)]);
	expect(text).toContain("Usage: npm run build:lambda");
});
