import { testMethod } from "./payment-methods.ts";
import {
	applyAnswer,
	chargeFrom,
	refusal,
	type Charge,
	type Dispute,
	type Refund
} from "./charge.ts";
import { providerEvents } from "./provider-events.ts";
import { EventList } from "./event-list.ts";
import { SpillFile, SpillingMap, type SpillLimits } from "./spilling-map.ts";
import type {
	AnswerLine,
	ChangeLine,
	ChargeLine,
	DisputeLine,
	DisputeUpdateLine,
	Line,
	RefundLine,
	RefundUpdateLine
} from "./lines.ts";

/** A line that was written by an HTTP request, and its result: the response under its key. */
export interface RecordedRequest {
	readonly line: ChargeLine | RefundLine | AnswerLine;
	readonly charge?: Charge | undefined;
}

/**
 * The state that follows from the lines in order: the first line of a key is the charge (or refund), later
 * ones are repeated attempts. All readers of a file derive the same state, so writers need no lock.
 */
export class LedgerState {
	readonly #file: SpillFile;
	readonly #charges: SpillingMap<Charge>;
	readonly #keys: SpillingMap<string>;
	readonly #tagged: SpillingMap<string[]>;
	readonly #requests: SpillingMap<RecordedRequest>;
	/** Keys of refunds, and refs of disputes, by charge. */
	readonly #refundKeys: SpillingMap<string[]>;
	readonly #disputeRefs: SpillingMap<string[]>;
	/** Keys of refunds, and refs of charges and disputes, to which a card does something that has not happened yet. */
	readonly later = new Set<string>();
	/** By key: the first attempt; refused ones have a code. */
	readonly refunds: SpillingMap<Refund>;
	/** By ref. */
	readonly disputes: SpillingMap<Dispute>;
	readonly events: EventList;
	/** By id of an event. */
	readonly delivered: SpillingMap<true>;
	/** Webhooks that were answered 2xx, including repeated ones. */
	answered = 0;
	/** How far the clock is ahead (ms). */
	clockOffsetMs = 0;
	/** Charges and refunds that were requested, including repeated attempts. */
	attempts = 0;

	/** @param limits of what is kept in memory; the rest is in a temporary file until `close` */
	constructor(limits?: SpillLimits) {
		const file = (this.#file = new SpillFile(limits));
		this.#charges = new SpillingMap(file);
		this.#keys = new SpillingMap(file);
		this.#tagged = new SpillingMap(file);
		this.#requests = new SpillingMap(file);
		this.#refundKeys = new SpillingMap(file);
		this.#disputeRefs = new SpillingMap(file);
		this.refunds = new SpillingMap(file);
		this.disputes = new SpillingMap(file);
		this.events = new EventList(file);
		this.delivered = new SpillingMap(file);
	}

	/** Frees its file; it cannot be read any more. */
	close(): void {
		this.#file.close();
	}

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

	/** In the order of creation. */
	charges(): Iterable<Charge> {
		return this.#charges.values();
	}

	charge(ref: string): Charge | undefined {
		return this.#charges.get(ref);
	}

	chargeOf(key: string): Charge | undefined {
		return this.#charges.get(this.#keys.get(key) ?? "");
	}

	/** Refunds of a charge in the order of their requests, refused ones included. */
	refundsOf(chargeRef: string): Refund[] {
		return (this.#refundKeys.get(chargeRef) ?? []).map(key => this.refunds.get(key)!);
	}

	disputesOf(chargeRef: string): Dispute[] {
		return (this.#disputeRefs.get(chargeRef) ?? []).map(ref => this.disputes.get(ref)!);
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
			case "refund_update":
				return this.#updateRefund(line);
			case "dispute":
				return this.#dispute(line);
			case "dispute_update":
				return this.#updateDispute(line);
			case "delivery":
				this.answered++;
				return void this.delivered.set(line.event, true);
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
		this.#expectDispute(charge);
		this.#recordOutcome(line, charge);
	}

	#expectDispute({ line, status }: Charge): void {
		if (status === "succeeded" && testMethod(line.payment_method)?.dispute)
			this.later.add(line.ref);
	}

	#answer(line: AnswerLine): void {
		const before = this.#charges.get(line.charge_ref);
		const charge = before && applyAnswer(before, line.says);
		if (charge) this.#charges.set(line.charge_ref, charge);
		if (charge) this.#expectDispute(charge);
		this.#recordOutcome(line, charge);
	}

	#refund(line: RefundLine): void {
		this.attempts++;
		if (this.refunds.has(line.key)) return;
		const before = this.#charges.get(line.charge_ref);
		const refused = refusal(before, line);
		const refund: Refund = { line, refused, status: line.status ?? "succeeded" };
		this.refunds.set(line.key, refund);
		const keys = this.#refundKeys.get(line.charge_ref) ?? [];
		this.#refundKeys.set(line.charge_ref, [...keys, line.key]);
		if (!refused && line.status) this.later.add(line.key);
		const charge = refused ? undefined : { ...before!, refunded: before!.refunded + line.amount };
		if (charge) this.#charges.set(line.charge_ref, charge);
		this.#recordOutcome(line, charge, { refund });
	}

	/** Several processes may write that a refund changes: the first line counts, and a failed one stays failed. */
	#updateRefund(line: RefundUpdateLine): void {
		const before = this.refunds.get(line.key);
		this.later.delete(line.key);
		if (!before || before.refused || before.status === "failed" || before.status === line.status)
			return;
		const refund = { ...before, status: line.status };
		this.refunds.set(line.key, refund);
		const { charge_ref, amount } = before.line;
		const of = this.#charges.get(charge_ref)!;
		const restored = line.status === "failed" ? amount : 0;
		const charge = { ...of, refunded: of.refunded - restored };
		this.#charges.set(charge_ref, charge);
		this.events.push(...providerEvents(line, charge, { refund }));
	}

	#dispute(line: DisputeLine): void {
		const before = this.#charges.get(line.charge_ref);
		this.later.delete(line.charge_ref);
		if (this.disputes.has(line.ref) || before?.status !== "succeeded") return;
		const refs = this.#disputeRefs.get(line.charge_ref) ?? [];
		this.#disputeRefs.set(line.charge_ref, [...refs, line.ref]);
		this.#setDispute(line, before, { line, status: "open" });
		if (testMethod(before.line.payment_method)?.dispute?.then) this.later.add(line.ref);
	}

	#updateDispute(line: DisputeUpdateLine): void {
		const before = this.disputes.get(line.ref);
		this.later.delete(line.ref);
		if (before?.status !== "open") return;
		const charge = this.#charges.get(before.line.charge_ref)!;
		this.#setDispute(line, charge, { ...before, status: line.status });
	}

	#setDispute(line: DisputeLine | DisputeUpdateLine, of: Charge, dispute: Dispute): void {
		this.disputes.set(line.ref, dispute);
		const charge = { ...of, disputed: dispute.status === "open" };
		this.#charges.set(dispute.line.charge_ref, charge);
		this.events.push(...providerEvents(line, charge, { dispute }));
	}

	/** @param charge after the line; undefined if the line changed nothing */
	#recordOutcome(
		line: Extract<ChangeLine, { asked: unknown }>,
		charge: Charge | undefined,
		about: { refund?: Refund } = {}
	): void {
		const key = line.asked?.idempotency_key;
		if (key) this.#requests.set(key, { line, charge });
		if (charge) this.events.push(...providerEvents(line, charge, about));
	}
}
