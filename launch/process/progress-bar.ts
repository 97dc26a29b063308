export interface ProgressBarOptions {
	/** The unit, e.g. `orders`. */
	things: string;
	/** Where it is drawn. */
	output?: NodeJS.WriteStream;
	now?(): number;
}

/** Characters of the bar itself. */
const [widest, narrowest] = [30, 8];
const drawEveryMs = 100;
const sayEveryMs = 5000;

function barOf(share: number, width: number): string {
	const filled = Math.round(share * width);
	return `${"█".repeat(filled)}${"░".repeat(width - filled)} `;
}

/**
 * One line with progress, rate and remaining time. On a narrow terminal the bar gets shorter, then the rate, the bar and
 * the time are left out in turn: a line that wraps could not be redrawn.
 */
export function progressLine(
	done: number,
	of: number,
	elapsedMs: number,
	things: string,
	columns = Infinity
): string {
	const perSecond = elapsedMs > 0 ? (done / elapsedMs) * 1000 : 0;
	const rate = `, ${perSecond.toFixed(perSecond < 10 ? 1 : 0)}/s`;
	const left = perSecond > 0 && done < of ? `, ${Math.ceil((of - done) / perSecond)} s left` : "";
	const count = `${done} of ${of} ${things}`;
	const share = of === 0 ? 1 : Math.min(done / of, 1);
	for (const text of [count + rate + left, count + left]) {
		const room = Math.min(columns - text.length - 1, widest);
		if (room >= narrowest) return barOf(share, room) + text;
	}
	const fitting = [count + left, count, `${done}/${of}`].find(({ length }) => length <= columns);
	return fitting ?? `${done}`.slice(0, Math.max(columns, 0));
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
		const { isTTY, columns } = this.#output;
		// A terminal goes on to the next line when the last column is written, and says 0 when it does not know its width.
		const width = isTTY && columns ? columns - 1 : undefined;
		const line = progressLine(done, of, this.#now() - this.#startedAt, this.#things, width);
		// Back to the start of the line, and clear it.
		this.#output.write(`${isTTY ? "\r\u001b[2K" : ""}${line}${ending}`);
	}
}
