import { setTimeout as delay } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { Ledger, type ChargeLine, type RefundLine } from "./payment.ledger.ts";
import {
	IdempotencyConflict,
	type ChargeRequest,
	type Method,
	type Outcome,
	type PaymentProvider,
	type ProviderEvent,
	type RefundOutcome,
	type RefundRequest,
	type StatementLine
} from "./payment.provider.ts";
import { signedEvent } from "./payment.provider.event.ts";

interface TestMethod extends Method {
	failure?: string;
	/** The charge is made so many ms after it was asked for. */
	delayMs?: number;
	/** What the first attempt does, whereupon its caller loses the connection. */
	drops?: "charge" | "refund";
}

/** Stripe's test payment methods by their names, and some whose trouble is the connection. */
const testMethods: Readonly<Record<string, TestMethod>> = {
	pm_card_visa: { brand: "visa", last4: "4242" },
	pm_card_mastercard: { brand: "mastercard", last4: "4444" },
	pm_card_chargeDeclined: { brand: "visa", last4: "0002", failure: "card_declined" },
	pm_card_visa_chargeDeclinedInsufficientFunds: {
		brand: "visa",
		last4: "9995",
		failure: "insufficient_funds"
	},
	pm_sim_slow: { brand: "visa", last4: "4242", delayMs: 3000 },
	pm_sim_dropConnection: { brand: "visa", last4: "4242", drops: "charge" },
	pm_sim_dropRefundConnection: { brand: "visa", last4: "4242", drops: "refund" }
};

const unknownMethod: TestMethod = { brand: null, last4: null, failure: "payment_method_unknown" };

function methodOf(name: string): TestMethod {
	return Object.hasOwn(testMethods, name) ? testMethods[name]! : unknownMethod;
}

function outcomeOf(line: ChargeLine): Outcome {
	const { brand, last4 } = methodOf(line.payment_method);
	const method = { brand, last4 };
	if (line.status === "succeeded") return { status: "succeeded", ref: line.ref, method };
	return { status: "failed", ref: line.ref, code: line.failure_code!, method };
}

/** @throws IdempotencyConflict when the line under the key says other things than this attempt */
function sameRequest<L extends ChargeLine | RefundLine>(first: L, attempt: L): void {
	const sameMoment = { ...attempt, at: first.at };
	if (!isDeepStrictEqual(first, sameMoment)) throw new IdempotencyConflict(attempt.key);
}

/**
 * A payment provider for one host. Its memory is a file of its own and not Postgres, so that it is
 * an independent witness of what was charged: see `readLedger`.
 */
export class SimulatedProvider implements PaymentProvider {
	/** Longer than the slowest test method and the wait of a caller (8 s) together with its flush. */
	readonly maxProcessingMs = 10_000;
	readonly #ledger: Ledger;
	readonly #webhookSecret: string | undefined;

	private constructor(ledger: Ledger, webhookSecret: string | undefined) {
		this.#ledger = ledger;
		this.#webhookSecret = webhookSecret;
	}

	/** @param path the ledger; made when it is missing, shared with other processes */
	static async open(path: string, webhookSecret?: string): Promise<SimulatedProvider> {
		return new SimulatedProvider(await Ledger.open(path), webhookSecret);
	}

	async charge({ key, order_id, amount, payment_method }: ChargeRequest): Promise<Outcome> {
		const { failure, delayMs, drops } = methodOf(payment_method);
		if (delayMs) await delay(delayMs);
		const { charges } = this.#ledger.book;
		const again = charges.has(key);
		const line: ChargeLine = {
			kind: "charge",
			key,
			order_id,
			amount: amount.amount,
			currency: amount.currency,
			payment_method,
			status: failure ? "failed" : "succeeded",
			failure_code: failure ?? null,
			ref: `ch_${key}`,
			at: new Date().toISOString()
		};
		await this.#ledger.append(line);
		sameRequest(charges.get(key)!, line);
		if (drops === "charge" && !again) throw new Error("connection lost");
		return outcomeOf(charges.get(key)!);
	}

	async retrieve(key: string): Promise<Outcome | undefined> {
		await this.#ledger.refresh();
		const line = this.#ledger.book.charges.get(key);
		return line && outcomeOf(line);
	}

	async refund({ key, charge_ref, amount, reason }: RefundRequest): Promise<RefundOutcome> {
		const { charges, refunds } = this.#ledger.book;
		const again = refunds.has(key);
		const line: RefundLine = {
			kind: "refund",
			key,
			charge_ref,
			amount: amount.amount,
			currency: amount.currency,
			reason,
			ref: `re_${key}`,
			at: new Date().toISOString()
		};
		await this.#ledger.append(line);
		const first = refunds.get(key)!;
		sameRequest(first.line, line);
		const charge = charges.get(charge_ref.slice("ch_".length));
		const drops = charge && methodOf(charge.payment_method).drops === "refund";
		if (drops && !again) throw new Error("connection lost");
		if (first.refused) return { status: "failed", code: first.refused };
		return { status: "succeeded", ref: first.line.ref };
	}

	async abandon(key: string): Promise<Outcome> {
		return (await this.retrieve(key))!;
	}

	async retrieveRefund(key: string): Promise<RefundOutcome | undefined> {
		await this.#ledger.refresh();
		const found = this.#ledger.book.refunds.get(key);
		if (found?.refused) return { status: "failed", code: found.refused };
		return found && { status: "succeeded", ref: found.line.ref };
	}

	event(rawBody: Buffer, signature: string | undefined): ProviderEvent | undefined {
		return signedEvent(rawBody, signature, this.#webhookSecret);
	}

	async *statement(since: Date): AsyncIterable<StatementLine> {
		await this.#ledger.refresh();
		const { charges, refunds } = this.#ledger.book;
		const paidBack = new Map<string, number>();
		for (const { line, refused } of refunds.values())
			if (!refused)
				paidBack.set(line.charge_ref, (paidBack.get(line.charge_ref) ?? 0) + line.amount);
		for (const { key, order_id, ref, status, amount, currency, at } of charges.values())
			if (new Date(at) >= since)
				yield {
					payment_id: key,
					order_id,
					ref,
					status,
					amount: { amount, currency },
					refunded: { amount: paidBack.get(ref) ?? 0, currency }
				};
	}

	async close(): Promise<void> {
		await this.#ledger.close();
	}
}
