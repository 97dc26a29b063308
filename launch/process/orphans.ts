import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { basename } from "node:path";
import { poll } from "../../lib/retry.ts";

/** A server that a launcher started: the name of its executable, and an argument of it that no other server has. */
export interface Server {
	program: "postgres" | "nats-server" | "java";
	/** A path in the data folder. */
	argument: string;
}

interface Command {
	pid: number;
	program: string;
	args: string[];
}

/** Linux appends this to the path of an executable that was replaced, as by an upgrade. */
const deleted = / \(deleted\)$/;

/** By name; of another user's process only the command line can be read. */
function programOf(pid: string, [first = ""]: string[]): string {
	try {
		return basename(readlinkSync(`/proc/${pid}/exe`).replace(deleted, ""));
	} catch {
		return basename(first);
	}
}

function fromProc(): Command[] {
	return readdirSync("/proc")
		.filter(name => /^\d+$/.test(name))
		.map(pid => {
			try {
				const args = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
				return { pid: Number(pid), program: programOf(pid, args), args };
			} catch {
				return { pid: Number(pid), program: "", args: [] };
			}
		});
}

function fromPs(): Command[] {
	const { stdout = "" } = spawnSync("ps", ["-axww", "-o", "pid=,command="], { encoding: "utf8" });
	return stdout.split("\n").map(line => {
		const [pid, path = "", ...args] = line.trim().split(/\s+/);
		return { pid: Number(pid), program: basename(path), args };
	});
}

/**
 * The processes of a server. They are identified by executable and folder, not by a stored pid, because the
 * system reuses pids; and not by folder alone, because a backup or an editor has it as an argument too.
 */
export function processesOf({ program, argument }: Server): number[] {
	return (process.platform === "linux" ? fromProc() : fromPs())
		.filter(found => found.program === program && found.args.includes(argument))
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

function gone(server: Server, withinMs: number): Promise<boolean> {
	const look = () => processesOf(server).length === 0;
	return poll(look, { everyMs: 20, withinMs });
}

/** Ends the processes of an earlier launcher that was killed. Returns whether there were any. */
export async function stopOrphans(server: Server, first: NodeJS.Signals): Promise<boolean> {
	const orphans = processesOf(server);
	if (orphans.length === 0) return false;
	signal(orphans, first);
	if (!(await gone(server, 10_000))) signal(processesOf(server), "SIGQUIT");
	if (!(await gone(server, 5000))) signal(processesOf(server), "SIGKILL");
	return true;
}
