import type { Charge } from "./charge.ts";
import type { AnswerLine, ChargeLine, RefundLine } from "./lines.ts";

/** Events for webhooks. They are derived from the ledger, so a restart loses none. */
export interface ProviderEvent {
	/** The same after a restart. */
	readonly id: string;
	readonly type: string;
	readonly at: string;
	/** The charge at that time. */
	readonly charge: Charge;
	/** Set if the event is about a refund. */
	readonly refund: RefundLine | undefined;
}

const chargeTypes = {
	succeeded: "payment_intent.succeeded",
	failed: "payment_intent.payment_failed",
	action_required: "payment_intent.requires_action"
} as const;

/** @param charge after the line */
export function providerEvents(
	line: ChargeLine | AnswerLine | RefundLine,
	charge: Charge
): ProviderEvent[] {
	const { at } = line;
	if (line.kind === "refund")
		return [{ id: `evt_${line.ref}`, type: "refund.created", at, charge, refund: line }];
	const type = charge.canceled ? "payment_intent.canceled" : chargeTypes[charge.status];
	const step = line.kind === "charge" ? "begun" : line.says;
	return [{ id: `evt_${charge.line.ref}_${step}`, type, at, charge, refund: undefined }];
}
