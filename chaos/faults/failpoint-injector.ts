import { setTimeout as sleep } from "node:timers/promises";
import type { Arming, Hit } from "../../lib/failpoint.ts";
import type { ChaosNode } from "../cluster/node.ts";

/** A node that has stopped itself is continued so much later: longer than a lease lasts (2 s). */
const resumeAfterMs = 3000;
/** Only a node that is down does not obey by then. */
const armTimeoutMs = 1000;

interface PendingHit extends Pick<Arming, "point"> {
	node: ChaosNode;
	hit(): void;
}

/** Failpoints armed in the nodes of a world, and what came of them. */
export class FailpointInjector {
	readonly #pending = new Set<PendingHit>();
	readonly #stopped = new Map<ChaosNode, Promise<void>>();

	/** To be told of every hit in the world. */
	onHit(node: ChaosNode, { point, mode }: Hit): void {
		for (const pending of this.#pending)
			if (pending.node === node && pending.point === point) pending.hit();
		if (mode === "stop")
			this.#stopped.set(
				node,
				sleep(resumeAfterMs).then(() => node.resume())
			);
	}

	/** Arms one node. `hit` resolves when it is struck. */
	async arm(node: ChaosNode, arming: Arming): Promise<{ hit: Promise<void> }> {
		const { promise: hit, resolve } = Promise.withResolvers<void>();
		const pending = { node, point: arming.point, hit: () => done() };
		const done = () => {
			this.#pending.delete(pending);
			resolve();
		};
		this.#pending.add(pending);
		await Promise.race([node.arm(arming), sleep(armTimeoutMs)]);
		return { hit };
	}

	/** Takes back what has not struck by now. */
	async disarm(node: ChaosNode): Promise<void> {
		for (const pending of this.#pending) if (pending.node === node) this.#pending.delete(pending);
		await Promise.race([node.disarm(), sleep(armTimeoutMs)]);
	}

	/** Resolves when a node that stopped itself goes on. */
	async settled(node: ChaosNode): Promise<void> {
		await this.#stopped.get(node);
	}
}
