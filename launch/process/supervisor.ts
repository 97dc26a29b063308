import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { backoffMs } from "../../lib/backoff.ts";
import { isJsonLine } from "../../lib/log/json-lines.ts";
import { exitCodes, LaunchError } from "./launch-error.ts";
import { stopWithinMs } from "./lifecycle.ts";
import { hasEnded } from "./server-process.ts";

/** After so long a node counts as recovered: the next restart delay is the first one again. */
const steadyMs = 30_000;

/** A node that ended so often before it was ready for the first time has a defect that a restart does not mend. */
const maxStarts = 5;

/**
 * Node's cache of compiled modules (https://nodejs.org/api/module.html#module-compile-cache), in the tree of a program:
 * with it the modules of an order node take 0.7 s of processor time instead of 1.5.
 */
const compileCache = (program: string) => ({
	NODE_COMPILE_CACHE: join(dirname(program), "../.cache/compile")
});

/** Exit codes of faults that another start cannot change. */
const hopelessCodes: ReadonlySet<number | null> = new Set([
	exitCodes.usage,
	exitCodes.configuration
]);

export interface Supervision {
	/** The program: cli/node.ts of this tree by default. */
	script?: string;
	/** Receives each line that the node prints, and messages about it. */
	printLine?(line: string): void;
	/** Restart delay after so many crashes in a row. */
	restartAfterMs?(crashes: number): number;
	/** From the signal to stop until it is killed. */
	forceAfterMs?: number;
	/** Called each time the node is ready, also after a restart. */
	onReady?(): void;
	/** Receives the node's IPC messages, except the ready message. */
	onMessage?(message: unknown): void;
}

const defaults: Required<Omit<Supervision, "printLine">> = {
	script: join(import.meta.dirname, "../../cli/node.ts"),
	restartAfterMs: crashes => backoffMs(crashes, 500, 15_000),
	forceAfterMs: stopWithinMs,
	onReady: () => undefined,
	onMessage: () => undefined
};

/** Keeps one node process running until it is stopped. */
export class SupervisedProcess {
	readonly #name: string;
	readonly #environment: Record<string, string>;
	readonly #supervision: Required<Supervision>;
	#child!: ChildProcess;
	#ready = false;
	#crashes = 0;
	#stopping = false;
	#timer: NodeJS.Timeout | undefined;
	/** Settles `start`; undefined once it is settled. */
	#first: { ready(): void; fail(error: LaunchError): void } | undefined;

	constructor(name: string, environment: Record<string, string>, supervision: Supervision = {}) {
		this.#name = name;
		this.#environment = environment;
		// A line as JSON names its node itself.
		const printLine = (line: string) =>
			console.log(isJsonLine(line) ? line : `${this.#name.padEnd(9)} | ${line}`);
		this.#supervision = { ...defaults, printLine, ...supervision };
	}

	/** False from a crash until the restarted node is ready. */
	get ready(): boolean {
		return this.#ready;
	}

	/** Sends the process a signal for a chaos run; a node that ends is restarted. */
	signal(name: NodeJS.Signals): void {
		this.#child.kill(name);
	}

	/** Sends over the node's IPC channel; lost while it is down. */
	send(message: object): void {
		if (this.#child.connected) this.#child.send(message, () => undefined);
	}

	/**
	 * Resolves when the node is ready for the first time, which it may be after restarts: what ended it before, as
	 * the kernel does for want of memory, is not its fault.
	 * @throws LaunchError when its configuration is wrong, or when it ended `maxStarts` times before it was ready
	 */
	async start(): Promise<void> {
		const first = new Promise<void>((ready, fail) => (this.#first = { ready, fail }));
		this.#spawn();
		await first;
	}

	/** Stops it gracefully, and kills it if it has not ended in time, as when it is frozen; resolves when it has ended. */
	async stop(): Promise<void> {
		this.#stopping = true;
		clearTimeout(this.#timer);
		const child = this.#child;
		if (!child || hasEnded(child)) return this.#first?.ready();
		const exit = once(child, "exit");
		child.kill("SIGTERM");
		const { forceAfterMs, printLine } = this.#supervision;
		const force = setTimeout(() => {
			printLine(`has not ended after ${forceAfterMs} ms, so it is killed`);
			child.kill("SIGKILL");
		}, forceAfterMs);
		await exit.finally(() => clearTimeout(force));
	}

	#spawn(): void {
		// Its own process group: Ctrl-C then reaches only the launcher, which stops the nodes in order.
		this.#child = spawn(process.execPath, [this.#supervision.script], {
			// What it needs of a file of settings, its launcher has read.
			env: {
				...compileCache(this.#supervision.script),
				ENV_FILE: "/dev/null",
				...this.#environment
			},
			detached: true,
			stdio: ["ignore", "pipe", "pipe", "ipc"]
		});
		const { printLine, onMessage } = this.#supervision;
		for (const stream of [this.#child.stdout!, this.#child.stderr!])
			createInterface(stream).on("line", printLine);
		this.#child.on("message", message => {
			if (message !== "ready") return onMessage(message);
			this.#ready = true;
			this.#first?.ready();
			this.#first = undefined;
			this.#supervision.onReady();
		});
		const startedAt = performance.now();
		this.#child.once("exit", () => this.#onExit(startedAt));
	}

	#onExit(startedAt: number): void {
		this.#ready = false;
		if (this.#stopping) return this.#first?.ready();
		this.#crashes = performance.now() - startedAt > steadyMs ? 1 : this.#crashes + 1;
		if (!this.#first || !this.#isHopeless()) return this.#restart();
		const { exitCode } = this.#child;
		const message = `${this.#name} did not start; see its output above.`;
		this.#first.fail(new LaunchError(message, exitCode || undefined));
	}

	/** A node that never was ready and will not be. */
	#isHopeless(): boolean {
		return hopelessCodes.has(this.#child.exitCode) || this.#crashes >= maxStarts;
	}

	#restart(): void {
		const { exitCode, signalCode } = this.#child;
		const delay = this.#supervision.restartAfterMs(this.#crashes);
		this.#supervision.printLine(
			`ended with ${signalCode ?? exitCode}; starting it again in ${delay} ms`
		);
		this.#timer = setTimeout(() => this.#spawn(), delay);
	}
}
