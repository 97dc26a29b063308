import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";

const starts = 5;

const timed = (module: string) => `
	const startMs = performance.now();
	await import(${JSON.stringify(pathToFileURL(module).href)});
	console.log(Math.round(performance.now() - startMs));
	process.exit();`;

/**
 * How long the module takes to load, in each of some new processes of this machine: the part of a cold start that depends on
 * the bundle. Lambda adds the start of its environment, and the secrets.
 */
export async function coldStartMs(code: Uint8Array): Promise<number[]> {
	const folder = mkdtempSync(join(tmpdir(), "lambda-"));
	const module = join(folder, "index.mjs");
	writeFileSync(module, code);
	try {
		const times: number[] = [];
		for (let n = 0; n < starts; n++) times.push(await loadMs(module));
		return times;
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

async function loadMs(module: string): Promise<number> {
	const args = ["--input-type=module", "--eval", timed(module)];
	// Without settings of this machine; the function reads its own when it is loaded, and fails after it was.
	const child = spawn(process.execPath, args, { env: {}, stdio: ["ignore", "pipe", "inherit"] });
	const [output] = await Promise.all([text(child.stdout), once(child, "close")]);
	return Number(output);
}
