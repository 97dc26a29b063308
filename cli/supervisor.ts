import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { backoffMs } from "../lib/backoff.ts";
import { LaunchError } from "./launch-error.ts";

/** A node that lived so long has recovered: its next fall is a first one again. */
const steadyMs = 30_000;

const script = join(import.meta.dirname, "node.ts");
const ended = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null;

/** Keeps one node process running until it is told to stop. */
export class SupervisedNode {
	readonly #name: string;
	readonly #environment: Record<string, string>;
	#child!: ChildProcess;
	#falls = 0;
	#stopping = false;
	#timer: NodeJS.Timeout | undefined;

	constructor(name: string, environment: Record<string, string>) {
		this.#name = name;
		this.#environment = environment;
	}

	/** Resolves when the node says that it is ready. @throws LaunchError when it ends before that */
	async start(): Promise<void> {
		this.#spawn();
		const child = this.#child;
		await Promise.race([once(child, "message"), once(child, "exit")]);
		if (ended(child) && !this.#stopping)
			throw new LaunchError(`${this.#name} did not start; its own words are above.`);
		child.once("exit", () => this.#fell(performance.now()));
	}

	/** Lets it finish what it does; resolves when it has ended. */
	async stop(): Promise<void> {
		this.#stopping = true;
		clearTimeout(this.#timer);
		const child = this.#child;
		if (!child || ended(child)) return;
		child.kill("SIGTERM");
		await once(child, "exit");
	}

	#spawn(): void {
		// A group of its own: Ctrl-C reaches the launcher alone, which stops the nodes in order.
		this.#child = spawn(process.execPath, [script], {
			env: this.#environment,
			detached: true,
			stdio: ["ignore", "pipe", "pipe", "ipc"]
		});
		for (const stream of [this.#child.stdout!, this.#child.stderr!])
			createInterface(stream).on("line", line => this.#say(line));
	}

	#say(line: string): void {
		console.log(`${this.#name.padEnd(9)} | ${line}`);
	}

	#fell(since: number): void {
		if (this.#stopping) return;
		const { exitCode, signalCode } = this.#child;
		this.#falls = performance.now() - since > steadyMs ? 1 : this.#falls + 1;
		const delay = backoffMs(this.#falls, 500, 15_000);
		this.#say(`ended with ${signalCode ?? exitCode}; starting it again in ${delay} ms`);
		this.#timer = setTimeout(() => {
			const begun = performance.now();
			this.#spawn();
			this.#child.once("exit", () => this.#fell(begun));
		}, delay);
	}
}
