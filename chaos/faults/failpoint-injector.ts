import { setTimeout as sleep } from "node:timers/promises";
import type { Arming, Hit } from "../../lib/failpoint.ts";
import type { ChaosNode } from "../cluster/node.ts";
import { within } from "../../lib/retry.ts";

/** A node that has stopped itself is resumed so much later: longer than a lease lasts (2 s). */
const resumeAfterMs = 3000;
/** Only a node that is down does not confirm by then. */
const armTimeoutMs = 1000;

interface PendingHit extends Pick<Arming, "point"> {
	node: ChaosNode;
	hit(): void;
}

/** Failpoints that are armed in the nodes of a cluster, and which were hit. */
export class FailpointInjector {
	readonly #pending = new Set<PendingHit>();
	readonly #stopped = new Map<ChaosNode, Promise<void>>();

	/** Called for every hit in the cluster. */
	onHit(node: ChaosNode, { point, mode }: Hit): void {
		for (const pending of this.#pending)
			if (pending.node === node && pending.point === point) pending.hit();
		if (mode === "stop")
			this.#stopped.set(
				node,
				sleep(resumeAfterMs).then(() => node.resume())
			);
	}

	/** Arms one node. `hit` resolves when the failpoint is hit. */
	async arm(node: ChaosNode, arming: Arming): Promise<{ hit: Promise<void> }> {
		const { promise: hit, resolve } = Promise.withResolvers<void>();
		const pending = { node, point: arming.point, hit: () => done() };
		const done = () => {
			this.#pending.delete(pending);
			resolve();
		};
		this.#pending.add(pending);
		await within(armTimeoutMs, node.arm(arming));
		return { hit };
	}

	/** Disarms what has not been hit by now. */
	async disarm(node: ChaosNode): Promise<void> {
		for (const pending of this.#pending) if (pending.node === node) this.#pending.delete(pending);
		await within(armTimeoutMs, node.disarm());
	}

	/** Resolves when a node that stopped itself has been resumed. */
	async settled(node: ChaosNode): Promise<void> {
		await this.#stopped.get(node);
	}
}
