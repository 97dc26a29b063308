/** Spreads messages over time: so many per second, concurrent callers are queued. */
export class RateLimiter {
	readonly #everyMs: number;
	readonly #now: () => number;
	/** Time of the next free slot. */
	#next = 0;

	constructor(perSecond: number, now: () => number = () => performance.now()) {
		this.#everyMs = 1000 / perSecond;
		this.#now = now;
	}

	/** How long to wait for a slot; it is reserved only if that is at most `mostMs`. */
	reserve(mostMs: number): number {
		const now = this.#now();
		const at = Math.max(this.#next, now);
		if (at - now <= mostMs) this.#next = at + this.#everyMs;
		return at - now;
	}

	/** The wait for the next slot, which is too long. */
	pause(ms: number): void {
		this.#next = Math.max(this.#next, this.#now() + ms);
	}
}
