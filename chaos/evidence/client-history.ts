import { createHash } from "node:crypto";
import { open, type FileHandle } from "node:fs/promises";
import { Batcher } from "../../lib/batcher.ts";

/** A request that is about to be sent (`invoke`), or its outcome. */
export interface Entry {
	/** By the harness' clock, ms since 1970. */
	at: number;
	/** `unknown`: no response, or one that does not say whether it was done. */
	phase: "invoke" | "ok" | "fail" | "unknown";
	op: "place" | "cancel" | "get" | "ship" | "deliver" | "return" | "approve" | "refund";
	/** The order's number in this run. */
	n: number;
	user: string;
	key?: string;
	order_id?: string;
	return_id?: string;
	/** Of the request, where it has one. */
	body?: unknown;
	/** Hash of method, path and body: equal for requests that mean the same. */
	request?: string;
	/** HTTP status of a response. */
	http?: number;
	/** The response is the stored one of an earlier request. */
	replayed?: boolean;
	/** Hash of the response body. */
	sha?: string;
	/** The order's status in the response. */
	order_status?: string;
	/** Of an order, in minor units. */
	total?: number;
	/** What a payment says is refunded and not only pending, in minor units. */
	refunded?: number;
	/** Code of a problem, or the connection's error. */
	code?: string;
}

export const sha = (bytes: string) => createHash("sha256").update(bytes).digest("hex").slice(0, 24);

/**
 * The clients' own record of their requests, written to disk before and after each. Outcomes are
 * kept in memory too, for the checkers.
 */
export class History {
	readonly outcomes: Entry[] = [];
	requests = 0;
	#isClosed = false;
	readonly #file: FileHandle;
	readonly #lines: Batcher<string, void>;

	private constructor(file: FileHandle) {
		this.#file = file;
		this.#lines = new Batcher<string, void>({
			maxInFlight: 1,
			maxItems: 1024,
			run: async lines => {
				if (!this.#isClosed) {
					await file.write(lines.join(""));
					if (!this.#isClosed) await file.datasync();
				}
				return lines.map(() => undefined);
			}
		});
	}

	static async open(path: string): Promise<History> {
		return new History(await open(path, "a"));
	}

	/** Resolves when it is on disk. */
	async write(entry: Entry): Promise<void> {
		if (this.#isClosed) return;
		if (entry.phase === "invoke") this.requests++;
		else this.outcomes.push(entry);
		await this.#lines.add(`${JSON.stringify(entry)}\n`);
	}

	/** Requests that are still under way, as when a run is interrupted, are not recorded any more. */
	async close(): Promise<void> {
		this.#isClosed = true;
		await this.#file.close();
	}
}
