/** Does the same thing again and again, each time so long after the last one has ended. */
export class Periodic {
	readonly #everyMs: number;
	readonly #work: (isStopping: () => boolean) => Promise<void>;
	readonly #onError: (error: Error) => void;
	#timer: NodeJS.Timeout | undefined;
	#running: Promise<void> = Promise.resolve();
	#stopped = false;

	/** @param work may ask whether it should come to an end */
	constructor(
		everyMs: number,
		work: (isStopping: () => boolean) => Promise<void>,
		onError: (error: Error) => void
	) {
		this.#everyMs = everyMs;
		this.#work = work;
		this.#onError = onError;
	}

	start(): void {
		this.#timer = setTimeout(() => {
			this.#running = this.#run();
		}, this.#everyMs);
	}

	/** Resolves when what is under way has ended. */
	async stop(): Promise<void> {
		this.#stopped = true;
		clearTimeout(this.#timer);
		await this.#running;
	}

	async #run(): Promise<void> {
		await this.#work(() => this.#stopped).catch(this.#onError);
		if (!this.#stopped) this.start();
	}
}
