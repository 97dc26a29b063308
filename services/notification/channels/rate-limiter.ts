/** Spreads out what is sent: so many a second, and those who come at once stand in line. */
export class RateLimiter {
	readonly #everyMs: number;
	readonly #now: () => number;
	/** When the next turn is. */
	#next = 0;

	constructor(perSecond: number, now: () => number = () => performance.now()) {
		this.#everyMs = 1000 / perSecond;
		this.#now = now;
	}

	/** How long to wait for a turn; only one within `mostMs` is taken. */
	reserve(mostMs: number): number {
		const now = this.#now();
		const at = Math.max(this.#next, now);
		if (at - now <= mostMs) this.#next = at + this.#everyMs;
		return at - now;
	}

	/** There is no turn for so long. */
	pause(ms: number): void {
		this.#next = Math.max(this.#next, this.#now() + ms);
	}
}
