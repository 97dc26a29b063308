import { appendFileSync } from "node:fs";
import { join } from "node:path";
import type { NodePlan } from "../../launch/shop/cluster-plan.ts";
import type { FailpointCommand } from "../../launch/shop/failpoint-commands.ts";
import { SupervisedProcess } from "../../launch/process/supervisor.ts";
import type { Arming, Hit } from "../../lib/failpoint.ts";
import type { Proxy } from "./proxy.ts";

/** The ways out of a node: a proxy for each server it talks to. */
export type Wires = Partial<Record<"postgres" | "nats" | "provider" | "clients", Proxy>>;

export interface NodeOptions {
	plan: NodePlan;
	/** The tree it runs. */
	root: string;
	environment: Record<string, string>;
	wires: Wires;
	/** Takes what it prints. */
	log: string;
	/** Told each time it has come back from a fall. */
	onReady(): void;
	/** Told of each failpoint that strikes there, before it does. */
	onHit(hit: Hit): void;
}

/** What a node says of its failpoints (launch/shop/failpoint-commands.ts). */
type NodeMessage = { armed: true } | { hit: Hit };

const stopTimeoutMs = 10_000;

/** One process of the shop that may be killed, halted and cut off. */
export class ChaosNode {
	readonly name: string;
	readonly service: NodePlan["service"];
	readonly wires: Wires;
	readonly #process: SupervisedProcess;
	#downMs = 0;
	#halted = false;
	#onArmed: () => void = () => undefined;

	constructor({ plan, root, environment, wires, log, onReady, onHit }: NodeOptions) {
		this.name = plan.name;
		this.service = plan.service;
		this.wires = wires;
		this.#process = new SupervisedProcess(plan.name, environment, {
			script: join(root, "cli/node.ts"),
			printLine: line => appendFileSync(log, `${line}\n`),
			restartAfterMs: () => this.#downMs,
			onReady,
			onMessage: message => {
				const nodeMessage = message as NodeMessage;
				if ("hit" in nodeMessage) onHit(nodeMessage.hit);
				else this.#onArmed();
			}
		});
	}

	get ready(): boolean {
		return this.#process.ready && !this.#halted;
	}

	start(): Promise<void> {
		return this.#process.start();
	}

	/** SIGKILL; its successor is started so much later. */
	kill(downMs: number): void {
		this.#downMs = downMs;
		this.#process.signal("SIGKILL");
		this.#halted = false;
	}

	/** SIGSTOP: it neither answers nor ends. */
	halt(): void {
		this.#halted = true;
		this.#process.signal("SIGSTOP");
	}

	/** SIGCONT: it goes on with what it had in hand, however stale. */
	resume(): void {
		this.#halted = false;
		this.#process.signal("SIGCONT");
	}

	/** Arms failpoints over the process's own channel; resolves when it has said so. */
	arm(...armings: Arming[]): Promise<void> {
		return this.#sendCommand({ arm: armings });
	}

	disarm(): Promise<void> {
		return this.#sendCommand({ disarm: true });
	}

	#sendCommand(command: FailpointCommand): Promise<void> {
		return new Promise(resolve => {
			this.#onArmed = resolve;
			this.#process.send(command);
		});
	}

	heal(): void {
		this.#downMs = 0;
		if (this.#halted) this.resume();
		for (const proxy of Object.values(this.wires)) proxy.mode = "pass";
	}

	/** Asks it to end, and after a while does not ask any more. */
	async stop(): Promise<void> {
		this.heal();
		const force = setTimeout(() => this.#process.signal("SIGKILL"), stopTimeoutMs);
		await this.#process.stop().finally(() => clearTimeout(force));
		await Promise.all(Object.values(this.wires).map(proxy => proxy.close()));
	}
}
