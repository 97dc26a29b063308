import { mkdir, open, readFile, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { Batcher } from "../../lib/batcher.ts";

export interface ChargeLine {
	kind: "charge";
	key: string;
	order_id: string;
	/** Minor units. */
	amount: number;
	currency: string;
	payment_method: string;
	status: "succeeded" | "failed";
	failure_code: string | null;
	ref: string;
	at: string;
}

export interface RefundLine {
	kind: "refund";
	key: string;
	charge_ref: string;
	amount: number;
	currency: string;
	reason: string;
	ref: string;
	at: string;
}

export type Line = ChargeLine | RefundLine;

/**
 * What the lines mean, read from the first to the last: the first line of a key is the charge (or
 * refund), later ones are repeated attempts. All readers of a file come to the same conclusion, so
 * writers need no lock.
 */
export class Book {
	readonly charges = new Map<string, ChargeLine>();
	/** The first attempt under each key; refused ones have a code. */
	readonly refunds = new Map<string, { line: RefundLine; refused: string | null }>();
	readonly #byRef = new Map<string, { charge: ChargeLine; refunded: number }>();
	/** Lines read, with repeated attempts. */
	attempts = 0;

	/** Takes the next line; one that is torn or empty is passed over. */
	read(text: string): void {
		let line: Line;
		try {
			line = JSON.parse(text) as Line;
		} catch {
			return;
		}
		this.attempts++;
		if (line.kind === "charge") this.#charge(line);
		else this.#refund(line);
	}

	#charge(line: ChargeLine): void {
		if (this.charges.has(line.key)) return;
		this.charges.set(line.key, line);
		this.#byRef.set(line.ref, { charge: line, refunded: 0 });
	}

	#refund(line: RefundLine): void {
		if (this.refunds.has(line.key)) return;
		const refused = this.#refusal(line);
		this.refunds.set(line.key, { line, refused });
		if (!refused) this.#byRef.get(line.charge_ref)!.refunded += line.amount;
	}

	#refusal({ charge_ref, amount, currency }: RefundLine): string | null {
		const found = this.#byRef.get(charge_ref);
		if (found?.charge.status !== "succeeded") return "charge_not_found";
		if (found.charge.currency !== currency) return "currency_mismatch";
		return found.refunded + amount > found.charge.amount ? "refund_exceeds_charge" : null;
	}
}

/** A file of lines, appended to by any number of processes of one host. */
export class Ledger {
	/** As far as this process has read, which includes every line it wrote. */
	readonly book = new Book();
	readonly #file: FileHandle;
	readonly #batcher: Batcher<string, void>;
	#offset = 0;
	#rest = Buffer.alloc(0);

	private constructor(file: FileHandle) {
		this.#file = file;
		this.#batcher = new Batcher<string, void>({
			run: lines => this.#write(lines),
			maxInFlight: 1,
			maxItems: 1024
		});
	}

	static async open(path: string): Promise<Ledger> {
		await mkdir(dirname(path), { recursive: true });
		const ledger = new Ledger(await open(path, "a+"));
		await ledger.refresh();
		return ledger;
	}

	/** Resolves when the line, and every line before it, is on disk and read into `book`. */
	append(line: Line): Promise<void> {
		return this.#batcher.add(`${JSON.stringify(line)}\n`);
	}

	/** Reads what other processes wrote. */
	refresh(): Promise<void> {
		return this.#batcher.add("");
	}

	async close(): Promise<void> {
		await this.refresh();
		await this.#file.close();
	}

	/** One write and one flush for all; the flush covers what was read, so nothing read can vanish. */
	async #write(lines: string[]): Promise<void[]> {
		// A writer that was killed in mid-line, or found the disk full, must not swallow the next line.
		const text = lines.join("");
		const bytes = Buffer.from(text && this.#rest.length > 0 ? `\n${text}` : text);
		const { bytesWritten } = await this.#file.write(bytes);
		await this.#readOn();
		await this.#file.datasync();
		if (bytesWritten < bytes.length) throw new Error("the ledger was not written whole");
		return lines.map(() => undefined);
	}

	async #readOn(): Promise<void> {
		for (;;) {
			const chunk = Buffer.allocUnsafe(65_536);
			const { bytesRead } = await this.#file.read(chunk, 0, chunk.length, this.#offset);
			if (bytesRead === 0) return;
			this.#offset += bytesRead;
			const text = Buffer.concat([this.#rest, chunk.subarray(0, bytesRead)]);
			const end = text.lastIndexOf("\n") + 1;
			this.#rest = text.subarray(end);
			for (const line of text.toString("utf8", 0, end).split("\n")) this.book.read(line);
		}
	}
}

export interface LedgerReport {
	/** One per key: what was really charged or declined. */
	charges: ChargeLine[];
	/** Refunds that were made. */
	refunds: RefundLine[];
	/** Lines, with repeated attempts. */
	attempts: number;
}

/** Reads a ledger from outside: two succeeded charges with one `order_id` are a double charge. */
export async function readLedger(path: string): Promise<LedgerReport> {
	const book = new Book();
	for (const line of (await readFile(path, "utf8")).split("\n")) book.read(line);
	const made = [...book.refunds.values()].filter(({ refused }) => !refused);
	return {
		charges: [...book.charges.values()],
		refunds: made.map(({ line }) => line),
		attempts: book.attempts
	};
}
