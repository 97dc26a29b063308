import { mkdir, open, readFile, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { Batcher } from "../../lib/batcher.ts";
import { LedgerState } from "./book.ts";
import type { Line } from "./lines.ts";

/** A file of lines that any number of processes of one host append to. */
export class Ledger {
	/** The state of all lines that this process has read, including those that it wrote. */
	readonly state = new LedgerState();
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

	/** Reads the lines of other processes. */
	refresh(): Promise<void> {
		return this.#batcher.add("");
	}

	async close(): Promise<void> {
		await this.refresh();
		await this.#file.close();
		this.state.close();
	}

	/** One write and one flush for all; the flush covers what was read, so nothing read can vanish. */
	async #write(lines: string[]): Promise<void[]> {
		// A line that was torn by a crash or a full disk must not swallow the next one.
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
			for (const line of text.toString("utf8", 0, end).split("\n")) this.state.read(line);
		}
	}
}

export interface LedgerCharge {
	key: string;
	ref: string;
	/** From the charge's metadata; empty if it has none. */
	payment_id: string;
	order_id: string;
	amount: number;
	currency: string;
	payment_method: string;
	/** Current status. */
	status: "succeeded" | "failed" | "action_required";
	failure_code: string | null;
	refunded: number;
	at: string;
}

export interface LedgerRefund {
	key: string;
	ref: string;
	charge_ref: string;
	amount: number;
	currency: string;
	/** `failed`: it came back from the customer's bank. */
	status: "pending" | "succeeded" | "failed";
	at: string;
}

export interface LedgerDispute {
	ref: string;
	charge_ref: string;
	amount: number;
	currency: string;
	status: "open" | "won" | "lost";
	at: string;
}

export interface LedgerReport {
	/** One per charge: what was charged or declined. */
	charges: LedgerCharge[];
	/** Refunds that were accepted. */
	refunds: LedgerRefund[];
	disputes: LedgerDispute[];
	/** Requested charges and refunds, including repeated attempts. */
	attempts: number;
	/** Events, and 2xx responses to their webhooks. */
	messages: { happened: number; answered: number };
}

export function reportOf(book: LedgerState): LedgerReport {
	const accepted = [...book.refunds.values()].filter(({ refused }) => !refused);
	return {
		charges: Array.from(book.charges(), ({ line, status, failure_code, refunded }) => {
			const { key, ref, amount, currency, payment_method, metadata, at } = line;
			const { payment_id = "", order_id = "" } = metadata;
			const facts = { key, ref, payment_id, order_id, amount, currency, payment_method };
			return { ...facts, status, failure_code, refunded, at };
		}),
		refunds: accepted.map(({ line, status }) => {
			const { key, ref, charge_ref, amount, currency, at } = line;
			return { key, ref, charge_ref, amount, currency, status, at };
		}),
		disputes: [...book.disputes.values()].map(({ line, status }) => {
			const { ref, charge_ref, amount, currency, at } = line;
			return { ref, charge_ref, amount, currency, status, at };
		}),
		attempts: book.attempts,
		messages: { happened: book.events.length, answered: book.answered }
	};
}

/** Reads a ledger from outside: two succeeded charges with one `order_id` are a double charge. */
export async function readLedger(path: string): Promise<LedgerReport> {
	const book = new LedgerState();
	for (const line of (await readFile(path, "utf8")).split("\n")) book.read(line);
	const report = reportOf(book);
	book.close();
	return report;
}
