/** When a request was sent and when its response began, by `performance.now()`. */
export interface Exchange {
	sentAtMs: number;
	receivedAtMs: number;
}

const secondMs = 1000;

/**
 * The clock of a server, as the `Date` headers of its responses show it. All nodes that ask one server agree on the
 * time to about a second, whatever their own clocks say. The estimate is not ahead of the server, so that a lease is
 * taken over late rather than early.
 */
export class ServerClock {
	/** The server's clock minus `performance.now()`. */
	#offsetMs: number | undefined;

	/**
	 * A header has whole seconds and was written between sending and receiving, so each response bounds the offset on
	 * both sides. The estimate moves only as far as these bounds demand: it becomes more exact with each response, and
	 * follows when one of the clocks drifts or is set.
	 */
	observe(date: string | undefined, { sentAtMs, receivedAtMs }: Exchange): void {
		const writtenAtMs = Date.parse(date ?? "");
		if (Number.isNaN(writtenAtMs)) return;
		const least = writtenAtMs - receivedAtMs;
		const most = writtenAtMs + secondMs - sentAtMs;
		this.#offsetMs = Math.min(Math.max(this.#offsetMs ?? least, least), most);
	}

	/** Undefined before the first header. */
	timeMs(at: number = performance.now()): number | undefined {
		return this.#offsetMs === undefined ? undefined : Math.floor(this.#offsetMs + at);
	}
}
