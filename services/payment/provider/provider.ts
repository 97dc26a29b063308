import type { Money } from "../../../lib/money.ts";

/** The card as its owner knows it; null where the provider tells nothing. */
export interface Method {
	brand: string | null;
	last4: string | null;
}

/** What the provider says of a charge. `processing`: it knows the charge and has not decided. */
export type Outcome =
	/** `amount`: what was really taken, where the provider tells it. */
	| { status: "succeeded"; ref: string; method: Method; amount?: Money }
	| { status: "failed"; ref: string | null; code: string; method: Method }
	/** Waits for the customer, who must answer at `url` (3-D Secure). */
	| { status: "action_required"; ref: string; url: string }
	| { status: "processing" };

/** `pending`: the provider knows the refund and has not decided. */
export type RefundOutcome =
	{ status: "succeeded"; ref: string } | { status: "failed"; code: string } | { status: "pending" };

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
	/** Of the charge, so that the provider's messages about the refund name it. */
	payment_id: string;
	/** The `ref` of the charge. */
	charge_ref: string;
	amount: Money;
	reason: string;
}

/** A message of the provider: it tells that something happened, not what is true by now. */
export interface ProviderEvent {
	/** The same however often it is sent. */
	id: string;
	type: string;
	created_at: Date;
	/** The key of the charge it is about; null where the charge is not the shop's. */
	payment_id: string | null;
}

/** One charge as the provider's books have it. */
export interface StatementLine {
	/** Null where the charge is not the shop's. */
	payment_id: string | null;
	order_id: string | null;
	ref: string;
	status: Outcome["status"];
	amount: Money;
	refunded: Money;
}

/**
 * Who takes the money. An answer is a fact; an error of any kind means that the outcome is not
 * known, save `IdempotencyConflict` and `TurnedAway`. Asking again under the same key repeats the first answer.
 */
export interface PaymentProvider {
	/** A charge that is not found so long (ms) after it was sent can no longer come to be by itself. */
	readonly maxProcessingMs: number;
	charge(request: ChargeRequest): Promise<Outcome>;
	/** Looks a charge up by its key, and by `ref` where it is known; undefined when it was never seen. */
	retrieve(key: string, ref?: string | null): Promise<Outcome | undefined>;
	/**
	 * Gives up a charge that waits for its customer; answers what became of it: `failed` with code
	 * `canceled`, unless it ended otherwise before.
	 */
	abandon(key: string, ref: string): Promise<Outcome>;
	refund(request: RefundRequest): Promise<RefundOutcome>;
	/** Looks a refund up by its key; undefined when the provider has never seen it. */
	retrieveRefund(key: string, chargeRef: string): Promise<RefundOutcome | undefined>;
	/**
	 * What an authentic message is about; undefined for a kind nobody heeds.
	 * @throws BadSignature; MALFORMED_JSON, VALIDATION_FAILED
	 */
	event(rawBody: Buffer, signature: string | undefined): ProviderEvent | undefined;
	/** Every charge made since, with what was paid back of it. */
	statement(since: Date): AsyncIterable<StatementLine>;
	close(): Promise<void>;
}

/** The key was used before with another request: nothing was done now, and a human must look. */
export class IdempotencyConflict extends Error {
	override readonly name = "IdempotencyConflict";
	constructor(key: string) {
		super(`The provider knows the key ${key} with another request`);
	}
}

/** The message does not come from the provider, or is too old. */
export class BadSignature extends Error {
	override readonly name = "BadSignature";
}

/** Too many requests (429): nothing was done, and the same may be asked again after a while. */
export class RateLimited extends Error {
	override readonly name = "TurnedAway";
	/** What the provider asks for, 0 where it says nothing. */
	readonly retryAfterMs: number;
	constructor(message: string, retryAfterMs: number) {
		super(message);
		this.retryAfterMs = retryAfterMs;
	}
}

/** The provider cannot serve now (5xx, no connection, no answer in time): the outcome is unknown. */
export class ProviderUnavailable extends Error {
	override readonly name = "ProviderUnavailable";
}
