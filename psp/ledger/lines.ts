/** The lines of the ledger: what happened, as it is written down, one JSON object each. */

/** A request over HTTP, so that it can be answered the same again. */
export interface Asked {
	idempotency_key: string | null;
	/** Of method, path and parameters. */
	fingerprint: string;
	request_id: string;
	/** The answer was a 500, and stays one. */
	failed: boolean;
}

export interface ChargeLine {
	kind: "charge";
	/** One charge per key for ever: a later line under it is a repeated attempt. */
	key: string;
	ref: string;
	/** Minor units. */
	amount: number;
	currency: string;
	payment_method: string;
	metadata: Readonly<Record<string, string>>;
	status: "succeeded" | "failed" | "action_required";
	/** What the card's bank says; with 3-D Secure, what it will say once the owner has approved. */
	failure_code: string | null;
	/** With 3-D Secure: what opens the page, and where it leads back to. */
	challenge: { secret: string; return_url: string | null } | null;
	asked: Asked | null;
	at: string;
}

/** Of the customer to a challenge, or of the shop that gives the charge up. */
export interface AnswerLine {
	kind: "answer";
	charge_ref: string;
	says: "approved" | "refused" | "canceled";
	asked: Asked | null;
	at: string;
}

export interface RefundLine {
	kind: "refund";
	key: string;
	charge_ref: string;
	amount: number;
	currency: string;
	reason: string;
	metadata: Readonly<Record<string, string>>;
	ref: string;
	asked: Asked | null;
	at: string;
}

/** An event reached the shop, which said so. */
export interface DeliveryLine {
	kind: "delivery";
	event: string;
}

/** Somebody moved the clock. */
export interface ClockLine {
	kind: "clock";
	advance_ms: number;
}

export type Line = ChargeLine | AnswerLine | RefundLine | DeliveryLine | ClockLine;
