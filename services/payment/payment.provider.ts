import type { Money } from "../../lib/money.ts";

/** The card as its owner knows it; null where the provider tells nothing. */
export interface Method {
	brand: string | null;
	last4: string | null;
}

/** What the provider says of a charge. `processing`: it knows the charge and has not decided. */
export type Outcome =
	| { status: "succeeded"; ref: string; method: Method }
	| { status: "failed"; ref: string | null; code: string; method: Method }
	| { status: "processing" };

export type RefundOutcome =
	{ status: "succeeded"; ref: string } | { status: "failed"; code: string };

export interface ChargeRequest {
	/** The payment's id: the same for every attempt, so that the provider takes the money once. */
	key: string;
	order_id: string;
	amount: Money;
	payment_method: string;
}

export interface RefundRequest {
	/** The refund's id: the same for every attempt. */
	key: string;
	/** The `ref` of the charge. */
	charge_ref: string;
	amount: Money;
	reason: string;
}

/**
 * Who takes the money. An answer is a fact; an error of any kind means that the outcome is not
 * known, save `IdempotencyConflict`. Asking again under the same key repeats the first answer.
 */
export interface PaymentProvider {
	/** A charge that is not found so long (ms) after it was sent can no longer come to be by itself. */
	readonly maxProcessingMs: number;
	charge(request: ChargeRequest): Promise<Outcome>;
	/** Looks a charge up by its key; undefined when the provider has never seen it. */
	retrieve(key: string): Promise<Outcome | undefined>;
	refund(request: RefundRequest): Promise<RefundOutcome>;
	close(): Promise<void>;
}

/** The key was used before with another request: nothing was done now, and a human must look. */
export class IdempotencyConflict extends Error {
	override readonly name = "IdempotencyConflict";
	constructor(key: string) {
		super(`The provider knows the key ${key} with another request`);
	}
}
