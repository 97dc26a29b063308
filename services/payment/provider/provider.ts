import type { Money } from "../../../lib/money.ts";

/** Card details for display; null if the provider does not return them. */
export interface Method {
	brand: string | null;
	last4: string | null;
}

/** Status of a charge at the provider. `processing`: it knows the charge and has not decided. */
export type Outcome =
	/** `amount`: the charged amount, if the provider returns it. */
	| { status: "succeeded"; ref: string; method: Method; amount?: Money }
	| { status: "failed"; ref: string | null; code: string; method: Method }
	/** Waits for the customer, who must approve at `url` (3-D Secure). */
	| { status: "action_required"; ref: string; url: string }
	| { status: "processing" };

/** `pending`: the provider knows the refund and has not decided. */
export type RefundOutcome =
	{ status: "succeeded"; ref: string } | { status: "failed"; code: string } | { status: "pending" };

/** A refund of a charge, whoever requested it. */
export interface ListedRefund {
	/** The refund's id in the shop; null if it was requested elsewhere, e.g. at the provider's dashboard. */
	key: string | null;
	ref: string;
	amount: Money;
	outcome: RefundOutcome;
}

/**
 * A customer's bank takes the money of a charge back. `open`: it is not decided; `won`: the shop has the money
 * again; `lost`: it has not.
 */
export interface Dispute {
	ref: string;
	amount: Money;
	reason: string;
	status: "open" | "won" | "lost";
}

export interface ChargeRequest {
	/** The payment's id: the same for every attempt, so that the provider charges once. */
	key: string;
	order_id: string;
	amount: Money;
	payment_method: string;
}

export interface RefundRequest {
	/** The refund's id: the same for every attempt. */
	key: string;
	/** Of the charge, so that webhooks about the refund contain it. */
	payment_id: string;
	/** The `ref` of the charge. */
	charge_ref: string;
	amount: Money;
	reason: string;
}

/** A webhook of the provider: it says that something happened, not the current state. */
export interface ProviderEvent {
	/** The same for every delivery. */
	id: string;
	type: string;
	created_at: Date;
	/** The key of its charge; null if the message does not name it. */
	payment_id: string | null;
	/** The `ref` of its charge; null if the message does not name it. */
	charge_ref: string | null;
}

/** One charge in the provider's statement. */
export interface StatementLine {
	/** Null if the charge is not the shop's. */
	payment_id: string | null;
	order_id: string | null;
	ref: string;
	status: Outcome["status"];
	amount: Money;
	refunded: Money;
}

/**
 * A payment provider. A result is definite; any error means that the outcome is unknown, except
 * `IdempotencyConflict` and `RateLimited`. Repeating a request under the same key returns the first result.
 */
export interface PaymentProvider {
	/** A charge that is not found so long (ms) after it was sent can no longer be made by that request. */
	readonly maxProcessingMs: number;
	charge(request: ChargeRequest): Promise<Outcome>;
	/** Looks a charge up by its key, and by `ref` if it is known; undefined if there is none. */
	retrieve(key: string, ref?: string | null): Promise<Outcome | undefined>;
	/**
	 * Cancels a charge that waits for its customer; returns the outcome: `failed` with code `canceled`, unless it
	 * ended otherwise before.
	 */
	abandon(key: string, ref: string): Promise<Outcome>;
	refund(request: RefundRequest): Promise<RefundOutcome>;
	/** All refunds of a charge. */
	refundsOf(chargeRef: string): Promise<ListedRefund[]>;
	/** All disputes of a charge. */
	disputesOf(chargeRef: string): Promise<Dispute[]>;
	/**
	 * Parses an authentic webhook; undefined for an unknown type.
	 * @throws BadSignature; MALFORMED_JSON, VALIDATION_FAILED
	 */
	event(rawBody: Buffer, signature: string | undefined): ProviderEvent | undefined;
	/** Every charge made since, with its refunded amount. */
	statement(since: Date): AsyncIterable<StatementLine>;
	close(): Promise<void>;
}

/** The key was used before with another request: nothing was done now, and staff must decide. */
export class IdempotencyConflict extends Error {
	override readonly name = "IdempotencyConflict";
	constructor(key: string) {
		super(`The provider knows the key ${key} with another request`);
	}
}

/** The webhook is not from the provider, or is too old. */
export class BadSignature extends Error {
	override readonly name = "BadSignature";
}

/** Rate limit (429): nothing was done, and the request may be repeated later. */
export class RateLimited extends Error {
	override readonly name = "TurnedAway";
	/** Retry-After, 0 if there is none. */
	readonly retryAfterMs: number;
	constructor(message: string, retryAfterMs: number) {
		super(message);
		this.retryAfterMs = retryAfterMs;
	}
}

/** The provider is unavailable (5xx, no connection, timeout): the outcome is unknown. */
export class ProviderUnavailable extends Error {
	override readonly name = "ProviderUnavailable";
}
