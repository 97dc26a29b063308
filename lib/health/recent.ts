const askEveryMs = 1000;

/** What is asked for at most once a second, however many look. */
export class Recent<R> {
	readonly #ask: () => Promise<R>;
	#latest: Promise<R> | undefined;
	#askedAtMs = 0;

	constructor(ask: () => Promise<R>) {
		this.#ask = ask;
	}

	read(): Promise<R> {
		const now = performance.now();
		if (this.#latest && now - this.#askedAtMs < askEveryMs) return this.#latest;
		this.#askedAtMs = now;
		return (this.#latest = this.#ask());
	}
}
