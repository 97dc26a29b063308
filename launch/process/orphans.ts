import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { poll } from "../../lib/retry.ts";

interface Command {
	pid: number;
	args: string[];
}

function fromProc(): Command[] {
	return readdirSync("/proc")
		.filter(name => /^\d+$/.test(name))
		.map(pid => {
			try {
				return { pid: Number(pid), args: readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0") };
			} catch {
				return { pid: Number(pid), args: [] };
			}
		});
}

function fromPs(): Command[] {
	const { stdout = "" } = spawnSync("ps", ["-axww", "-o", "pid=,command="], { encoding: "utf8" });
	return stdout.split("\n").map(line => {
		const [pid, ...args] = line.trim().split(" ");
		return { pid: Number(pid), args };
	});
}

/**
 * Processes with this argument on their command line. An orphan is identified by its folder, not by a
 * stored pid alone, because the system reuses pids.
 */
export function processesWith(argument: string): number[] {
	return (process.platform === "linux" ? fromProc() : fromPs())
		.filter(({ pid, args }) => pid !== process.pid && args.includes(argument))
		.map(({ pid }) => pid);
}

export function isAlive(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		return (error as NodeJS.ErrnoException).code === "EPERM";
	}
}

function signal(pids: number[], name: NodeJS.Signals): void {
	for (const pid of pids)
		try {
			process.kill(pid, name);
		} catch {
			// It ended in the meantime.
		}
}

function gone(argument: string, withinMs: number): Promise<boolean> {
	const look = () => processesWith(argument).length === 0;
	return poll(look, { everyMs: 20, withinMs });
}

/** Ends the processes of an earlier launcher that was killed. Returns whether there were any. */
export async function stopOrphans(argument: string, first: NodeJS.Signals): Promise<boolean> {
	const orphans = processesWith(argument);
	if (orphans.length === 0) return false;
	signal(orphans, first);
	if (!(await gone(argument, 10_000))) signal(processesWith(argument), "SIGQUIT");
	if (!(await gone(argument, 5000))) signal(processesWith(argument), "SIGKILL");
	return true;
}
