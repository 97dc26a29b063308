import { setTimeout as sleep } from "node:timers/promises";
import type { Fault, FaultKind } from "./nemesis.ts";
import { retry } from "../../lib/retry.ts";
import type { Cluster } from "../cluster/cluster.ts";

const retried = { pauseMs: () => 1000, withinMs: 10_000 };

export interface Kill {
	/** By the harness' clock, which is also the database's: both run on this machine. */
	at: Date;
	node: string;
	service: string;
}

/** Applies faults to a cluster, one after the other. */
export class Storm {
	/** Of those that took place. */
	readonly counts = new Map<FaultKind, number>();
	readonly attempted = new Set<FaultKind>();
	readonly kills: Kill[] = [];
	readonly #cluster: Cluster;
	readonly #faults: Iterator<Fault, never>;
	readonly #running = new Set<Promise<unknown>>();

	constructor(cluster: Cluster, faults: Iterator<Fault, never>) {
		this.#cluster = cluster;
		this.#faults = faults;
	}

	/** Runs while `wanted` returns true, and waits while it returns `early`; resolves when the last fault is over. */
	async run(shouldContinue: () => boolean, isAhead: () => boolean): Promise<void> {
		while (shouldContinue()) {
			const fault = this.#faults.next().value;
			await sleep(fault.gapMs);
			while (isAhead() && shouldContinue()) await sleep(50);
			this.attempted.add(fault.kind);
			const running = this.#injectAndCount(fault);
			this.#running.add(running);
			void running.finally(() => this.#running.delete(running));
		}
		await Promise.all(this.#running);
	}

	/** Its target may be down, because of another fault: then it is tried again for some seconds. */
	async #injectAndCount(fault: Fault): Promise<void> {
		const isDone = await retry(() => this.#inject(fault), retried).then(
			() => true,
			() => false
		);
		if (isDone) this.counts.set(fault.kind, (this.counts.get(fault.kind) ?? 0) + 1);
	}

	async #inject(fault: Fault): Promise<void> {
		const { servers } = this.#cluster;
		switch (fault.kind) {
			case "kill":
				return this.#kill(fault.node, fault.downMs);
			case "halt":
				return this.#halt(fault.node, fault.ms);
			case "wire":
				return this.#disruptProxy(fault);
			case "cut":
				return this.#wire(fault).cut();
			case "terminate":
				return void (await servers.postgres.terminate(fault.share));
			case "nats_restart":
				return servers.nats.restart(fault.downMs);
			case "provider_kill":
				return this.#cluster.provider.kill(fault.downMs);
			case "silence":
				return this.#wire(fault).silence();
			case "blocked_migration":
				return servers.postgres.blockMigration(fault.ms);
			case "nats_stall":
				return servers.nats.stall(fault.ms);
			case "postgres_restart":
				return servers.postgres.restart(fault.downMs);
		}
	}

	#kill(name: string, downMs: number): void {
		const node = this.#cluster.node(name);
		// If it is already down, it does not count as a kill.
		if (!node.ready) return;
		this.kills.push({ at: new Date(), node: name, service: node.service });
		node.kill(downMs);
	}

	async #halt(name: string, ms: number): Promise<void> {
		const node = this.#cluster.node(name);
		node.halt();
		await sleep(ms);
		node.resume();
	}

	#wire({ node, wire }: { node: string; wire: string }) {
		const { wires } = this.#cluster.node(node);
		return wires[wire as keyof typeof wires]!;
	}

	async #disruptProxy(fault: Extract<Fault, { kind: "wire" }>): Promise<void> {
		const proxy = this.#wire(fault);
		proxy.mode = fault.mode;
		await sleep(fault.ms);
		proxy.mode = "pass";
	}
}
