/** One request that waits for the outcome of its order. */
export interface OutcomeWait {
	/** True once it should be answered with the order as it stands. */
	readonly isReleased: boolean;
	/** Resolves when it is released. */
	readonly released: Promise<void>;
}

class Wait implements OutcomeWait {
	readonly node: string;
	readonly #released = Promise.withResolvers<void>();
	isReleased = false;

	constructor(node: string) {
		this.node = node;
	}

	get released(): Promise<void> {
		return this.#released.promise;
	}

	release(): void {
		this.isReleased = true;
		this.#released.resolve();
	}
}

/** Ids of nodes are never used twice, so old ones can be forgotten. */
const maxReleasedNodes = 100;

/**
 * The requests with `Prefer: wait` that this node serves, by the node that sent them. They are released when this node
 * stops, and those of a gateway when it stops, so that no stop lasts as long as the longest wait.
 */
export class OutcomeWaits {
	readonly #waits = new Set<Wait>();
	readonly #releasedNodes = new Set<string>();
	#isStopping = false;

	/** The result of `work`, which waits. @param node the gateway that sent the request */
	async during<R>(node: string, work: (wait: OutcomeWait) => Promise<R>): Promise<R> {
		const wait = new Wait(node);
		this.#waits.add(wait);
		// Its order may have been stored while the hint came that the gateway stops.
		if (this.#isStopping || this.#releasedNodes.has(node)) wait.release();
		return work(wait).finally(() => this.#waits.delete(wait));
	}

	/** Releases the waits of a gateway that stops, and those that it still sends. */
	releaseNode(node: string): void {
		this.#releasedNodes.add(node);
		if (this.#releasedNodes.size > maxReleasedNodes)
			this.#releasedNodes.delete(this.#releasedNodes.values().next().value!);
		for (const wait of this.#waits) if (wait.node === node) wait.release();
	}

	/** Releases all, and those that still come: this node stops. */
	releaseAll(): void {
		this.#isStopping = true;
		for (const wait of this.#waits) wait.release();
	}
}
