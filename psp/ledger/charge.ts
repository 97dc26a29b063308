import { isDeepStrictEqual } from "node:util";
import type { AnswerLine, ChargeLine, DisputeLine, RefundLine } from "./lines.ts";

/** Status of a charge. */
export interface Charge {
	readonly line: ChargeLine;
	readonly status: ChargeLine["status"];
	readonly failure_code: string | null;
	/** Cancelled by the shop: it cannot succeed any more. */
	readonly canceled: boolean;
	/** Minor units, pending refunds included. */
	readonly refunded: number;
	/** A dispute of it is open. */
	readonly disputed: boolean;
}

export interface Refund {
	readonly line: RefundLine;
	/** Why it was refused; null if it was not. */
	readonly refused: string | null;
	readonly status: "pending" | "succeeded" | "failed";
}

export interface Dispute {
	readonly line: DisputeLine;
	readonly status: "open" | "won" | "lost";
}

export function chargeFrom(line: ChargeLine): Charge {
	const failure_code = line.status === "failed" ? line.failure_code : null;
	return { line, status: line.status, failure_code, canceled: false, refunded: 0, disputed: false };
}

/** The charge after a customer's answer; undefined if it comes too late and changes nothing. */
export function applyAnswer(charge: Charge, says: AnswerLine["says"]): Charge | undefined {
	const { status, line } = charge;
	if (charge.canceled || status === "succeeded") return undefined;
	if (says === "canceled") {
		const failure_code = charge.failure_code ?? "canceled";
		return { ...charge, status: "failed", failure_code, canceled: true };
	}
	if (status !== "action_required") return undefined;
	const failure_code =
		says === "refused" ? "payment_intent_authentication_failure" : line.failure_code;
	return { ...charge, status: failure_code ? "failed" : "succeeded", failure_code };
}

/** Why a refund is refused; null if it is not. */
export function refusal(charge: Charge | undefined, refund: RefundLine): string | null {
	if (charge?.status !== "succeeded") return "charge_not_found";
	if (charge.line.currency !== refund.currency) return "currency_mismatch";
	if (charge.disputed) return "charge_disputed";
	return charge.refunded + refund.amount > charge.line.amount ? "refund_exceeds_charge" : null;
}

/** True when an attempt has the parameters of the first line under its key. */
export function sameRequest<L extends ChargeLine | RefundLine>(first: L, attempt: L): boolean {
	return isDeepStrictEqual(request(first), request(attempt));
}

function request(line: ChargeLine | RefundLine) {
	const { kind, amount, currency, metadata } = line;
	const rest = kind === "charge" ? [line.payment_method] : [line.charge_ref, line.reason];
	return [amount, currency, { ...metadata }, ...rest];
}
