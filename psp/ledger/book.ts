import { applyAnswer, chargeFrom, refusal, type Charge } from "./charge.ts";
import { providerEvents, type ProviderEvent } from "./provider-events.ts";
import type { AnswerLine, ChargeLine, Line, RefundLine } from "./lines.ts";

export interface Refund {
	readonly line: RefundLine;
	/** Why it was not made; null if it was. */
	readonly refused: string | null;
}

/** A line that was written by an HTTP request, and its result: the response under its key. */
export interface RecordedRequest {
	readonly line: ChargeLine | RefundLine | AnswerLine;
	readonly charge: Charge | undefined;
}

/**
 * The state that follows from the lines in order: the first line of a key is the charge (or refund), later
 * ones are repeated attempts. All readers of a file derive the same state, so writers need no lock.
 */
export class LedgerState {
	readonly #charges = new Map<string, Charge>();
	readonly #keys = new Map<string, string>();
	readonly #tagged = new Map<string, string[]>();
	readonly #requests = new Map<string, RecordedRequest>();
	/** By key: the first attempt; refused ones have a code. */
	readonly refunds = new Map<string, Refund>();
	readonly events: ProviderEvent[] = [];
	readonly delivered = new Set<string>();
	/** Webhooks that were answered 2xx, including repeated ones. */
	answered = 0;
	/** How far the clock is ahead (ms). */
	clockOffsetMs = 0;
	/** Charges and refunds that were requested, including repeated attempts. */
	attempts = 0;

	/** Applies the next line; a torn or empty one is skipped. */
	read(text: string): void {
		let line: Line;
		try {
			line = JSON.parse(text) as Line;
		} catch {
			return;
		}
		this.#take(line);
	}

	charges(): Charge[] {
		return [...this.#charges.values()];
	}

	charge(ref: string): Charge | undefined {
		return this.#charges.get(ref);
	}

	chargeOf(key: string): Charge | undefined {
		return this.#charges.get(this.#keys.get(key) ?? "");
	}

	/** Charges with this metadata, in the order of creation. */
	tagged(name: string, value: string): Charge[] {
		return (this.#tagged.get(`${name}=${value}`) ?? []).map(ref => this.#charges.get(ref)!);
	}

	/** The last HTTP request under a key. */
	requestOf(idempotencyKey: string): RecordedRequest | undefined {
		return this.#requests.get(idempotencyKey);
	}

	#take(line: Line): void {
		switch (line.kind) {
			case "charge":
				return this.#charge(line);
			case "answer":
				return this.#answer(line);
			case "refund":
				return this.#refund(line);
			case "delivery":
				this.answered++;
				return void this.delivered.add(line.event);
			case "clock":
				this.clockOffsetMs += line.advance_ms;
		}
	}

	#charge(line: ChargeLine): void {
		this.attempts++;
		if (this.#keys.has(line.key)) return;
		const charge = chargeFrom(line);
		this.#keys.set(line.key, line.ref);
		this.#charges.set(line.ref, charge);
		for (const [name, value] of Object.entries(line.metadata)) {
			const tag = `${name}=${value}`;
			this.#tagged.set(tag, [...(this.#tagged.get(tag) ?? []), line.ref]);
		}
		this.#recordOutcome(line, charge);
	}

	#answer(line: AnswerLine): void {
		const before = this.#charges.get(line.charge_ref);
		const charge = before && applyAnswer(before, line.says);
		if (charge) this.#charges.set(line.charge_ref, charge);
		this.#recordOutcome(line, charge);
	}

	#refund(line: RefundLine): void {
		this.attempts++;
		if (this.refunds.has(line.key)) return;
		const before = this.#charges.get(line.charge_ref);
		const refused = refusal(before, line);
		this.refunds.set(line.key, { line, refused });
		const charge = refused ? undefined : { ...before!, refunded: before!.refunded + line.amount };
		if (charge) this.#charges.set(line.charge_ref, charge);
		this.#recordOutcome(line, charge);
	}

	/** @param charge after the line; undefined if the line changed nothing */
	#recordOutcome(line: ChargeLine | AnswerLine | RefundLine, charge: Charge | undefined): void {
		const key = line.asked?.idempotency_key;
		if (key) this.#requests.set(key, { line, charge });
		if (charge) this.events.push(...providerEvents(line, charge));
	}
}
