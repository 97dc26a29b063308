/** The lines of the ledger, one JSON object each. */

/** An HTTP request, so that its response can be repeated. */
export interface Asked {
	idempotency_key: string | null;
	/** Hash of method, path and parameters. */
	fingerprint: string;
	request_id: string;
	/** The response was a 500, and is repeated as one. */
	failed: boolean;
}

export interface ChargeLine {
	kind: "charge";
	/** One charge per key: a later line under it is a repeated attempt. */
	key: string;
	ref: string;
	/** Minor units. */
	amount: number;
	currency: string;
	payment_method: string;
	metadata: Readonly<Record<string, string>>;
	status: "succeeded" | "failed" | "action_required";
	/** The bank's decision; with 3-D Secure, the decision after the customer has approved. */
	failure_code: string | null;
	/** With 3-D Secure: the secret of the page, and where it redirects to. */
	challenge: { secret: string; return_url: string | null } | null;
	asked: Asked | null;
	at: string;
}

/** The customer's answer to a challenge, or the shop's cancellation. */
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
	/** `succeeded` if it is missing. */
	status?: "pending" | "succeeded";
	asked: Asked | null;
	at: string;
}

/** A refund that was pending is made, or one does not reach the customer. */
export interface RefundUpdateLine {
	kind: "refund_update";
	/** Of the refund. */
	key: string;
	status: "succeeded" | "failed";
	at: string;
}

/** The customer's bank takes the money of a charge back. */
export interface DisputeLine {
	kind: "dispute";
	/** One dispute per ref: a later line under it changes nothing. */
	ref: string;
	charge_ref: string;
	amount: number;
	currency: string;
	reason: string;
	at: string;
}

/** A dispute is decided: `won` by the shop, or `lost`. */
export interface DisputeUpdateLine {
	kind: "dispute_update";
	ref: string;
	status: "won" | "lost";
	at: string;
}

/** The shop acknowledged an event. */
export interface DeliveryLine {
	kind: "delivery";
	event: string;
}

/** The clock was moved. */
export interface ClockLine {
	kind: "clock";
	advance_ms: number;
}

/** A line that events are derived from. */
export type ChangeLine =
	ChargeLine | AnswerLine | RefundLine | RefundUpdateLine | DisputeLine | DisputeUpdateLine;

export type Line = ChangeLine | DeliveryLine | ClockLine;
