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
	asked: Asked | null;
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

export type Line = ChargeLine | AnswerLine | RefundLine | DeliveryLine | ClockLine;
