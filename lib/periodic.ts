export interface PeriodicOptions {
	/** From the end of one run to the beginning of the next. */
	everyMs: number;
	/** From `start()` to the first run; `everyMs` by default. */
	firstAfterMs?: number;
	/** Answers true when there is more to do: then it runs again at once. */
	work(): Promise<boolean | void>;
	/** A run that failed is followed by the next one after `everyMs`. */
	onError(error: Error): void;
}

/** Runs the same work again and again, never two at a time. */
export class Periodic {
	readonly #options: PeriodicOptions;
	#timer: NodeJS.Timeout | undefined;
	#running: Promise<void> = Promise.resolve();
	#isRunning = false;
	#isNudged = false;
	#isStopped = false;

	constructor(options: PeriodicOptions) {
		this.#options = options;
	}

	start(): void {
		const { firstAfterMs, everyMs } = this.#options;
		this.#schedule(firstAfterMs ?? everyMs);
	}

	/** Runs at once, or once more at once after the current run. */
	nudge(): void {
		this.#isNudged = true;
		if (!this.#isRunning) this.#schedule(0);
	}

	/** Resolves when the current run has ended. */
	async stop(): Promise<void> {
		this.#isStopped = true;
		clearTimeout(this.#timer);
		await this.#running;
	}

	#schedule(afterMs: number): void {
		clearTimeout(this.#timer);
		if (this.#isStopped) return;
		this.#timer = setTimeout(() => {
			this.#running = this.#run();
		}, afterMs);
	}

	async #run(): Promise<void> {
		const { work, everyMs, onError } = this.#options;
		let hasMore: boolean | void = false;
		this.#isRunning = true;
		this.#isNudged = false;
		try {
			hasMore = await work();
		} catch (error) {
			onError(error as Error);
		}
		this.#isRunning = false;
		this.#schedule(hasMore === true || this.#isNudged ? 0 : everyMs);
	}
}
