/**
 * The database's time, as far as a node without a database knows it: the latest reading, and what has passed since then by
 * the monotonic clock. Until the first reading it is the node's own time.
 */
export class DatabaseClock {
	#reading: { timeMs: number; atMs: number } | undefined;

	/** @param time of the database, just now */
	read(time: Date): void {
		this.#reading = { timeMs: time.getTime(), atMs: performance.now() };
	}

	/** In ms since 1970. */
	nowMs(): number {
		if (!this.#reading) return Date.now();
		const { timeMs, atMs } = this.#reading;
		return timeMs + performance.now() - atMs;
	}

	/** When this clock will show that time, by `Date.now()`. */
	ownTimeMs(timeMs: number): number {
		return Date.now() + timeMs - this.nowMs();
	}
}
