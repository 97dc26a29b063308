import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../../launch/process/free-port.ts";
import { until } from "../until.ts";

/** A shop or a cluster as a newcomer starts it: a real process tree with a data folder of its own. */
export interface Running {
	/** Of the (first) gateway, without a slash at the end. */
	readonly url: string;
	/** Of the launcher. */
	readonly pid: number;
	readonly dataDir: string;
	/** All it printed so far, stdout and stderr. */
	output(): string;
	/** Asks the launcher to end and answers its exit code; the data folder stays until `remove`. */
	stop(signal?: "SIGINT" | "SIGTERM"): Promise<number | null>;
	/** Kills the launcher alone, at once: what a power cut or the OOM killer does. */
	kill9(): Promise<void>;
	/** Stops what still runs and deletes the data folder, unless the caller named it. */
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

/** Everything that runs for a data folder, known by its command line or its environment. */
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

/** The environment of a newcomer: nothing of the test's own, so that the defaults are what runs. */
function environment(own: Environment): Environment {
	const { PATH = "", HOME = "" } = process.env;
	return { PATH, HOME, ...own };
}

/** Starts a command of cli/ and keeps what it prints. */
export function launch(script: string, args: string[], env: Environment) {
	const child = spawn("node", [join("cli", script), ...args], { cwd: root, env: environment(env) });
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

/** A folder of one's own, which goes with the test run at the latest. */
export function temporaryFolder(): string {
	return mkdtempSync(join(process.env.TEST_FOLDER ?? tmpdir(), "shop-"));
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

async function start(script: string, args: string[], env: Environment): Promise<Running> {
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
	const open = async () =>
		output().includes("The shop is open.") && (await fetch(`${running.url}/health`)).ok;
	await until(async () => ended(child) || (await open()), 60_000);
	if (ended(child)) throw new Error(`${script} ended with ${child.exitCode}:\n${output()}`);
	return running;
}

/** `npm start` on a free port; resolves when it says it is open. @throws Error with its output */
export function startShop(env: Environment = {}, args: string[] = []): Promise<Running> {
	return start("start.ts", args, env);
}

/** `npm run cluster -- …args`, e.g. `["order=2"]`; resolves when it says it is open. */
export function startCluster(args: string[] = [], env: Environment = {}): Promise<Running> {
	return start("cluster.ts", args, env);
}
