import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { poll } from "../../lib/retry.ts";
import { succeeds } from "./checks.ts";

/** For processes that are ending. */
const endWithinMs = 2000;

/** Processes whose environment names the folder, this one aside. */
function processesWith(folder: string): string[] {
	const read = (pid: string, file: string) => {
		try {
			return readFileSync(`/proc/${pid}/${file}`, "utf8").replaceAll("\0", " ");
		} catch {
			// It has ended, or is another user's.
			return "";
		}
	};
	return readdirSync("/proc")
		.filter(name => /^\d+$/.test(name) && Number(name) !== process.pid)
		.filter(pid => read(pid, "environ").includes(folder))
		.map(pid => `process ${pid}: ${read(pid, "cmdline")}`);
}

/** Runs a script that is to leave neither a file in its TMPDIR nor a process. Answers whether it succeeded so. */
export async function succeedsCleanly(script: readonly string[]): Promise<boolean> {
	const before = process.env.TMPDIR;
	const folder = mkdtempSync(join(tmpdir(), "clean-"));
	process.env.TMPDIR = folder;
	try {
		const isOk = await succeeds(script);
		const isQuiet = () => processesWith(folder).length === 0;
		await poll(isQuiet, { everyMs: 100, withinMs: endWithinMs });
		const left = [...processesWith(folder), ...readdirSync(folder).map(name => `file ${name}`)];
		for (const what of left) console.error(`${script[0]} left behind ${what}`);
		return isOk && left.length === 0;
	} finally {
		if (before === undefined) delete process.env.TMPDIR;
		else process.env.TMPDIR = before;
		rmSync(folder, { recursive: true, force: true });
	}
}
