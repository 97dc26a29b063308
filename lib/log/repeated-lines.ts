interface Repeated {
	line: string;
	/** Lines of this kind since the last one that was logged. */
	more: number;
}

/**
 * Log lines that may come many times a second: of each kind the first is logged at once, and those that follow are
 * counted. Once per interval the latest of them is logged with their number.
 */
export class RepeatedLines {
	readonly #log: (line: string, kind: string) => void;
	readonly #everyMs: number;
	readonly #kinds = new Map<string, Repeated>();
	#timer: NodeJS.Timeout | undefined;

	constructor(log: (line: string, kind: string) => void, everyMs = 60_000) {
		this.#log = log;
		this.#everyMs = everyMs;
	}

	/** @param kind of a small set: each kind is kept in memory for an interval */
	add(kind: string, line: string): void {
		const known = this.#kinds.get(kind);
		if (known) {
			known.line = line;
			known.more++;
			return;
		}
		this.#kinds.set(kind, { line, more: 0 });
		this.#log(line, kind);
		this.#timer ??= setInterval(() => this.flush(), this.#everyMs).unref();
	}

	/** Logs what was counted. A kind without new lines is forgotten: its next line is logged at once. */
	flush(): void {
		for (const [kind, repeated] of this.#kinds) {
			const { line, more } = repeated;
			repeated.more = 0;
			if (more === 0) this.#kinds.delete(kind);
			else this.#log(`${line} (${more} of this kind since the last line)`, kind);
		}
		if (this.#kinds.size > 0) return;
		clearInterval(this.#timer);
		this.#timer = undefined;
	}

	/** Logs what was counted, for the last time. */
	stop(): void {
		this.flush();
		clearInterval(this.#timer);
	}
}
