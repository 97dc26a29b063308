import { setTimeout as sleep } from "node:timers/promises";
import type { Arming, Hit } from "../../lib/failpoint.ts";
import type { ChaosNode } from "../cluster/node.ts";

/** A node that has stopped itself is continued so much later: longer than a lease lasts (2 s). */
const stoppedMs = 3000;
/** Only a node that is down does not obey by then. */
const obeysWithinMs = 1000;

interface Waiting extends Pick<Arming, "point"> {
	node: ChaosNode;
	hit(): void;
}

/** Failpoints armed in the nodes of a world, and what came of them. */
export class Strikes {
	readonly #waiting = new Set<Waiting>();
	readonly #stopped = new Map<ChaosNode, Promise<void>>();

	/** To be told of every hit in the world. */
	hear(node: ChaosNode, { point, mode }: Hit): void {
		for (const waiting of this.#waiting)
			if (waiting.node === node && waiting.point === point) waiting.hit();
		if (mode === "stop")
			this.#stopped.set(
				node,
				sleep(stoppedMs).then(() => node.resume())
			);
	}

	/** Arms one node. `hit` resolves when it is struck. */
	async arm(node: ChaosNode, arming: Arming): Promise<{ hit: Promise<void> }> {
		const { promise: hit, resolve } = Promise.withResolvers<void>();
		const waiting = { node, point: arming.point, hit: () => done() };
		const done = () => {
			this.#waiting.delete(waiting);
			resolve();
		};
		this.#waiting.add(waiting);
		await Promise.race([node.arm(arming), sleep(obeysWithinMs)]);
		return { hit };
	}

	/** Takes back what has not struck by now. */
	async disarm(node: ChaosNode): Promise<void> {
		for (const waiting of this.#waiting) if (waiting.node === node) this.#waiting.delete(waiting);
		await Promise.race([node.disarm(), sleep(obeysWithinMs)]);
	}

	/** Resolves when a node that stopped itself goes on. */
	async settled(node: ChaosNode): Promise<void> {
		await this.#stopped.get(node);
	}
}
