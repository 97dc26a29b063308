export interface ProgressBarOptions {
	/** The unit, e.g. `orders`. */
	things: string;
	/** Where it is drawn. */
	output?: NodeJS.WriteStream;
	now?(): number;
}

const width = 30;
const drawEveryMs = 100;
const sayEveryMs = 5000;

/** One line with progress, rate and remaining time. */
export function progressLine(done: number, of: number, elapsedMs: number, things: string): string {
	const share = of === 0 ? 1 : Math.min(done / of, 1);
	const filled = Math.round(share * width);
	const bar = "█".repeat(filled) + "░".repeat(width - filled);
	const rate = elapsedMs > 0 ? (done / elapsedMs) * 1000 : 0;
	const left = rate > 0 && done < of ? `, ${Math.ceil((of - done) / rate)} s left` : "";
	return `${bar} ${done} of ${of} ${things}, ${rate.toFixed(rate < 10 ? 1 : 0)}/s${left}`;
}

/** Shows progress: one line that is redrawn on a terminal, a line now and then elsewhere. */
export class ProgressBar {
	readonly #things: string;
	readonly #output: NodeJS.WriteStream;
	readonly #now: () => number;
	readonly #startedAt: number;
	#drawn = -Infinity;

	constructor({
		things,
		output = process.stderr,
		now = () => performance.now()
	}: ProgressBarOptions) {
		this.#things = things;
		this.#output = output;
		this.#now = now;
		this.#startedAt = now();
	}

	show(done: number, of: number): void {
		const now = this.#now();
		if (now - this.#drawn < (this.#output.isTTY ? drawEveryMs : sayEveryMs)) return;
		this.#drawn = now;
		this.#write(done, of, this.#output.isTTY ? "" : "\n");
	}

	/** The last line, which stays. */
	end(done: number, of: number): void {
		this.#write(done, of, "\n");
	}

	#write(done: number, of: number, ending: string): void {
		const line = progressLine(done, of, this.#now() - this.#startedAt, this.#things);
		// Back to the start of the line, and clear it.
		this.#output.write(`${this.#output.isTTY ? "\r\u001b[2K" : ""}${line}${ending}`);
	}
}
