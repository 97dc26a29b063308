/** More than have a request in progress. A key that is dropped is only rejected once more. */
const keptAtMost = 10_000;

/** Keys whose first attempt is rejected by a fault; the next attempt is accepted. */
export class RejectedKeys {
	/** In the order in which they were rejected. */
	readonly #keys = new Set<string>();
	readonly #limit: number;

	constructor(limit = keptAtMost) {
		this.#limit = limit;
	}

	get size(): number {
		return this.#keys.size;
	}

	/** Whether this attempt is to be rejected. */
	rejects(key: string): boolean {
		if (this.#keys.has(key)) return false;
		this.#keys.add(key);
		// A caller may give up after the rejection, and never come back.
		if (this.#keys.size > this.#limit) this.#keys.delete(this.#keys.values().next().value!);
		return true;
	}

	/** To be called when an attempt has succeeded: it is recorded in the ledger then. */
	forget(key: string): void {
		this.#keys.delete(key);
	}
}
