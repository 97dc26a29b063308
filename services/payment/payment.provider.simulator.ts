import { setTimeout as delay } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { Ledger, type ChargeLine, type RefundLine } from "./payment.ledger.ts";
import {
	IdempotencyConflict,
	type ChargeRequest,
	type Method,
	type Outcome,
	type PaymentProvider,
	type RefundOutcome,
	type RefundRequest
} from "./payment.provider.ts";

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

	private constructor(ledger: Ledger) {
		this.#ledger = ledger;
	}

	/** @param path the ledger; made when it is missing, shared with other processes */
	static async open(path: string): Promise<SimulatedProvider> {
		return new SimulatedProvider(await Ledger.open(path));
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

	async close(): Promise<void> {
		await this.#ledger.close();
	}
}
