import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../../../launch/process/free-port.ts";
import { until } from "../until.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** A shop or a cluster as a user starts it: a real process tree with its own data folder. */
export interface Running {
	/** URL of the (first) gateway, without a slash at the end. */
	url: string;
	/** Pid of the launcher. */
	readonly pid: number;
	readonly dataDir: string;
	/** All output so far, stdout and stderr. */
	output(): string;
	/** Sends SIGTERM to the launcher and returns its exit code; the data folder stays until `remove`. */
	stop(signal?: NodeJS.Signals): Promise<number | null>;
	/** Kills the launcher only, as a power cut or the OOM killer does. */
	kill9(): Promise<void>;
	/** Stops what still runs and deletes the data folder, unless the caller gave it. */
	remove(): Promise<void>;
}

export interface Ended {
	code: number | null;
	output: string;
}

type Environment = Record<string, string>;

export interface Process {
	pid: number;
	parent: number;
	command: string;
	environment: string;
}

/** All processes of a data folder, found by command line or environment. */
export function processesOf(folder: string): Process[] {
	return readdirSync("/proc")
		.filter(name => /^\d+$/.test(name) && Number(name) !== process.pid)
		.map(pid => {
			const read = (file: string) => {
				try {
					return readFileSync(`/proc/${pid}/${file}`, "utf8").replaceAll("\0", "\n");
				} catch {
					return "";
				}
			};
			const command = read("cmdline").replaceAll("\n", " ");
			const parent = Number(/^PPid:\s+(\d+)/m.exec(read("status"))?.[1] ?? 0);
			return { pid: Number(pid), parent, command, environment: read("environ") };
		})
		.filter(({ command, environment }) =>
			[command, environment].some(text => text.includes(folder))
		);
}

const root = join(import.meta.dirname, "../../..");

/** The environment of a user: nothing of the test's own, so that defaults are tested. A cache saves half of each start. */
function environment(own: Environment): Environment {
	const { PATH = "", HOME = "", NODE_COMPILE_CACHE } = process.env;
	return {
		PATH,
		HOME,
		ENV_FILE: "/dev/null",
		...(NODE_COMPILE_CACHE && { NODE_COMPILE_CACHE }),
		...own
	};
}

/** Starts a command of cli/ and records its output. @param tree whose command it is */
export function launch(script: string, args: string[], env: Environment, tree = root) {
	const child = spawn("node", [join("cli", script), ...args], { cwd: tree, env: environment(env) });
	let output = "";
	for (const stream of [child.stdout, child.stderr])
		stream.setEncoding("utf8").on("data", (text: string) => (output += text));
	return { child, output: () => output };
}

const ended = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null;

async function exit(child: ChildProcess): Promise<number | null> {
	if (!ended(child)) await once(child, "exit");
	return child.exitCode;
}

/** Runs a command of cli/ to its end, with `input` on stdin. */
export async function run(
	script: string,
	args: string[],
	env: Environment,
	input = ""
): Promise<Ended> {
	const { child, output } = launch(script, args, env);
	child.stdin.end(input);
	await once(child, "close");
	return { code: child.exitCode, output: output() };
}

async function start(
	script: string,
	args: string[],
	env: Environment,
	attempts = 3
): Promise<Running> {
	const port = env.PORT ?? String(await freePort());
	const dataDir = env.DATA_DIR ?? temporaryFolder();
	const { child, output } = launch(script, args, { ...env, PORT: port, DATA_DIR: dataDir });
	const running: Running = {
		url: `http://127.0.0.1:${port}`,
		pid: child.pid!,
		dataDir,
		output,
		stop(signal = "SIGTERM") {
			child.kill(signal);
			return exit(child);
		},
		async kill9() {
			child.kill("SIGKILL");
			await exit(child);
		},
		async remove() {
			await running.stop();
			if (!env.DATA_DIR) rmSync(dataDir, { recursive: true, force: true });
		}
	};
	const open = async () => {
		// A free port that the command chose is in its banner.
		const [, url] = /The shop is open\.[^]*^ {2}docs +(\S+)\/docs$/m.exec(output()) ?? [];
		if (url && port === "0") running.url = url;
		return url && (await fetch(`${running.url}/health`)).ok;
	};
	await until(async () => ended(child) || (await open()), 60_000);
	if (!ended(child)) return running;
	// Another process may take a free port before the command listens there.
	const isTaken = env.PORT === undefined && output().includes(`Port ${port} is taken`);
	if (isTaken && attempts > 1) return start(script, args, env, attempts - 1);
	throw new Error(`${script} ended with ${child.exitCode}:\n${output()}`);
}

/** `npm start` on a free port; resolves when it prints that it is open. @throws Error with its output */
export function startShop(env: Environment = {}, args: string[] = []): Promise<Running> {
	return start("start.ts", args, env);
}

/** `npm run cluster -- …args`, e.g. `["order=2"]`; resolves when it prints that it is open. */
export function startCluster(args: string[] = [], env: Environment = {}): Promise<Running> {
	return start("cluster.ts", args, env);
}
