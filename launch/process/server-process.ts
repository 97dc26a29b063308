import type { ChildProcess, SpawnOptions } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { poll } from "../../lib/retry.ts";

export const hasEnded = (child: ChildProcess) =>
	child.exitCode !== null || child.signalCode !== null;

export interface ServerProcessOptions {
	spawn(options: SpawnOptions): ChildProcess;
	/** File that its output overwrites. */
	log: string;
	isReady(pid: number): boolean | Promise<boolean>;
	/** Called when it ends without `stop` or `crash`. */
	onCrash(): void;
	/** Signals that end it in order, and as a crash does. */
	signals: { stop: NodeJS.Signals; crash: NodeJS.Signals };
	/** After so many ms without an end it gets the signal of a crash. */
	slowestStopMs: number;
}

/** A server as a child process, in its own process group, because Ctrl-C goes to a whole group and the shop drains first. */
export class ServerProcess {
	readonly #child: ChildProcess;
	readonly #options: ServerProcessOptions;
	readonly #endAtExit: () => void;
	#isWanted = true;

	private constructor(options: ServerProcessOptions) {
		this.#options = options;
		const output = openSync(options.log, "w", 0o600);
		this.#child = options.spawn({ detached: true, stdio: ["ignore", output, output] });
		closeSync(output);
		this.#endAtExit = () => this.#child.kill(options.signals.stop);
		process.once("exit", this.#endAtExit);
		this.#child.once("exit", () => process.off("exit", this.#endAtExit));
	}

	/**
	 * Resolves when it is ready, or undefined when it ended before; its log says why.
	 * @throws Error when there is no such program
	 */
	static async start(options: ServerProcessOptions): Promise<ServerProcess | undefined> {
		const server = new ServerProcess(options);
		const child = server.#child;
		let failure: Error | undefined;
		child.once("error", error => (failure = error));
		const isSettled = () => failure ?? (hasEnded(child) || options.isReady(child.pid!));
		await poll(isSettled, { everyMs: 20 });
		if (failure) throw failure;
		if (hasEnded(child)) return undefined;
		child.once("exit", () => {
			if (server.#isWanted) options.onCrash();
		});
		return server;
	}

	/** Resolves when it has ended. */
	stop(): Promise<void> {
		return this.#end(this.#options.signals.stop);
	}

	/** Resolves when it has ended. */
	crash(): Promise<void> {
		return this.#end(this.#options.signals.crash);
	}

	/** SIGSTOP: it does not respond, and its connections stay open. */
	pause(): void {
		this.#child.kill("SIGSTOP");
	}

	resume(): void {
		this.#child.kill("SIGCONT");
	}

	async #end(signal: NodeJS.Signals): Promise<void> {
		this.#isWanted = false;
		if (hasEnded(this.#child)) return;
		const exit = once(this.#child, "exit");
		this.#child.kill(signal);
		this.resume();
		const { signals, slowestStopMs } = this.#options;
		const force = setTimeout(() => this.#child.kill(signals.crash), slowestStopMs);
		await exit;
		clearTimeout(force);
	}
}
