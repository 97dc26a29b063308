import { appendFileSync } from "node:fs";
import { join } from "node:path";
import type { NodePlan } from "../../launch/shop/cluster-plan.ts";
import type { FailpointCommand } from "../../launch/shop/failpoint-commands.ts";
import { SupervisedProcess } from "../../launch/process/supervisor.ts";
import type { Arming, Hit } from "../../lib/failpoint.ts";
import type { Proxy } from "./proxy.ts";

/** The connections of a node: a proxy for each server it uses. */
export type Wires = Partial<Record<"postgres" | "nats" | "provider" | "clients", Proxy>>;

export interface NodeOptions {
	plan: NodePlan;
	/** The source tree that it runs. */
	root: string;
	environment: Record<string, string>;
	wires: Wires;
	/** Receives its output. */
	log: string;
	/** Called each time it is ready after a crash. */
	onReady(): void;
	/** Called for each failpoint that is hit there, before it acts. */
	onHit(hit: Hit): void;
}

/** Messages of a node about its failpoints (launch/shop/failpoint-commands.ts). */
type NodeMessage = { armed: true } | { hit: Hit } | { urls: object };

const stopTimeoutMs = 10_000;

/** A process of the shop that may be killed, paused and disconnected. */
export class ChaosNode {
	readonly name: string;
	readonly service: NodePlan["service"];
	readonly wires: Wires;
	readonly #process: SupervisedProcess;
	#downMs = 0;
	#halted = false;
	#starts = 0;
	/** Commands that the process has not confirmed, in order. */
	readonly #unconfirmed: (() => void)[] = [];

	constructor({ plan, root, environment, wires, log, onReady, onHit }: NodeOptions) {
		this.name = plan.name;
		this.service = plan.service;
		this.wires = wires;
		this.#process = new SupervisedProcess(plan.name, environment, {
			script: join(root, "cli/node.ts"),
			printLine: line => appendFileSync(log, `${line}\n`),
			restartAfterMs: () => this.#downMs,
			onReady: () => {
				this.#starts++;
				this.#unconfirmed.length = 0;
				onReady();
			},
			onMessage: message => {
				const nodeMessage = message as NodeMessage;
				if ("hit" in nodeMessage) onHit(nodeMessage.hit);
				else if ("armed" in nodeMessage) this.#unconfirmed.shift()?.();
			}
		});
	}

	get ready(): boolean {
		return this.#process.ready && !this.#halted;
	}

	/** How often it has become ready. */
	get starts(): number {
		return this.#starts;
	}

	start(): Promise<void> {
		return this.#process.start();
	}

	/** SIGKILL; restarted after so many ms. */
	kill(downMs: number): void {
		this.#downMs = downMs;
		this.#process.signal("SIGKILL");
		this.#halted = false;
	}

	/** SIGSTOP: it neither responds nor ends. */
	halt(): void {
		this.#halted = true;
		this.#process.signal("SIGSTOP");
	}

	/** SIGCONT: it continues with its work, however stale. */
	resume(): void {
		this.#halted = false;
		this.#process.signal("SIGCONT");
	}

	/** Arms failpoints over the IPC channel; resolves when the process has confirmed it. */
	arm(...armings: Arming[]): Promise<void> {
		return this.#sendCommand({ arm: armings });
	}

	disarm(): Promise<void> {
		return this.#sendCommand({ disarm: true });
	}

	#sendCommand(command: FailpointCommand): Promise<void> {
		return new Promise(resolve => {
			this.#unconfirmed.push(resolve);
			this.#process.send(command);
		});
	}

	heal(): void {
		this.#downMs = 0;
		if (this.#halted) this.resume();
		for (const proxy of Object.values(this.wires)) proxy.mode = "pass";
	}

	/** SIGTERM, then SIGKILL after a while. */
	async stop(): Promise<void> {
		this.heal();
		const force = setTimeout(() => this.#process.signal("SIGKILL"), stopTimeoutMs);
		await this.#process.stop().finally(() => clearTimeout(force));
		await Promise.all(Object.values(this.wires).map(proxy => proxy.close()));
	}
}
