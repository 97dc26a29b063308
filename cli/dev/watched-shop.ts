import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { NodeUrls } from "../../launch/shop/broker.ts";
import type { OpenMessage } from "../node/readiness.ts";

export interface WatchedShopOptions {
	/** Of the process in which the shop runs. */
	environment: NodeJS.ProcessEnv;
	print(line: string): void;
	/** Called each time it accepts requests. */
	onReady(urls: NodeUrls): void;
	/** Called after that, with the services that are not ready: none, or those that were not within its time. */
	onOpen(unready: string[]): void;
	/** Called when it ended by itself, or could not start. */
	onEnd(): void;
}

const program = join(import.meta.dirname, "standby.ts");

/** Longest wait for work in progress, in ms; then it is killed, which loses nothing that was answered. */
const stopWithinMs = 1000;

/** A process that is started, has loaded the libraries, and waits. */
interface Standby {
	child: ChildProcess;
	ended: Promise<unknown>;
}

/** The shop in a process that can be replaced by a new one, with the source as it is then. */
export class WatchedShop {
	readonly #options: WatchedShopOptions;
	#standby: Standby | undefined;
	#current: Standby | undefined;
	/** Replacements are made one after the other. */
	#replacing: Promise<void> = Promise.resolve();
	#isStopped = false;

	constructor(options: WatchedShopOptions) {
		this.#options = options;
	}

	/** Starts the shop, or starts it again. @param prepare done between the old one's end and the new one's start */
	replace(prepare: () => Promise<void> = () => Promise.resolve()): Promise<void> {
		return (this.#replacing = this.#replacing.then(() => this.#replace(prepare)));
	}

	async stop(): Promise<void> {
		this.#isStopped = true;
		const standby = this.#standby;
		this.#standby = undefined;
		standby?.child.kill("SIGKILL");
		await Promise.all([standby?.ended, this.#end(), this.#replacing]);
		// One that was being started meanwhile.
		await this.#end();
	}

	async #replace(prepare: () => Promise<void>): Promise<void> {
		if (this.#isStopped) return;
		const next = this.#standby ?? this.#spawn();
		this.#standby = undefined;
		// The source is loaded while the old process finishes its work.
		next.child.send("load", () => undefined);
		await this.#end();
		await prepare();
		if (this.#isStopped) return void next.child.kill("SIGKILL");
		this.#current = next;
		next.child.once("exit", () => {
			if (this.#current !== next) return;
			this.#current = undefined;
			this.#standby ??= this.#spawn();
			this.#options.onEnd();
		});
		next.child.send("start", () => undefined);
	}

	async #end(): Promise<void> {
		const old = this.#current;
		this.#current = undefined;
		if (!old) return;
		old.child.kill("SIGTERM");
		const force = setTimeout(() => old.child.kill("SIGKILL"), stopWithinMs);
		await old.ended.finally(() => clearTimeout(force));
	}

	#spawn(): Standby {
		const { environment, print } = this.#options;
		// Its own process group: Ctrl-C then reaches only this process, which stops it in order.
		const child = spawn(process.execPath, [program], {
			env: environment,
			detached: true,
			stdio: ["ignore", "pipe", "pipe", "ipc"]
		});
		for (const stream of [child.stdout!, child.stderr!]) createInterface(stream).on("line", print);
		child.on("message", message => {
			const { urls, unready } = message as { urls?: NodeUrls } & Partial<OpenMessage>;
			if (urls) this.#options.onReady(urls);
			if (unready) this.#options.onOpen(unready);
			// Not while the shop starts, which would take longer then.
			if (message === "ready" && !this.#isStopped) this.#standby ??= this.#spawn();
		});
		const standby = { child, ended: once(child, "exit") };
		child.once("exit", () => {
			if (this.#standby === standby) this.#standby = undefined;
		});
		return standby;
	}
}
