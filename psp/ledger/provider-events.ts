import type { Charge, Dispute, Refund } from "./charge.ts";
import type { ChangeLine } from "./lines.ts";

/** Events for webhooks. They are derived from the ledger, so a restart loses none. */
export interface ProviderEvent extends About {
	/** The same after a restart. */
	readonly id: string;
	readonly type: string;
	readonly at: string;
	/** The charge at that time. */
	readonly charge: Charge;
}

/** The refund or the dispute that an event is about, at that time; neither if it is about the charge. */
export interface About {
	readonly refund?: Refund;
	readonly dispute?: Dispute;
}

const chargeTypes = {
	succeeded: "payment_intent.succeeded",
	failed: "payment_intent.payment_failed",
	action_required: "payment_intent.requires_action"
} as const;

/** @param charge after the line */
export function providerEvents(
	line: ChangeLine,
	charge: Charge,
	about: About = {}
): ProviderEvent[] {
	const event = (id: string, type: string, of: About = about) => ({
		id: `evt_${id}`,
		type,
		at: line.at,
		charge,
		...of
	});
	switch (line.kind) {
		case "refund":
			return [
				event(line.ref, "refund.created"),
				// About the charge, as at Stripe.
				event(`${line.ref}_charge`, "charge.refunded", {})
			];
		case "refund_update": {
			const { ref } = about.refund!.line;
			const updated = event(`${ref}_${line.status}`, "refund.updated");
			return line.status === "failed"
				? [updated, event(`${ref}_was_failed`, "refund.failed")]
				: [updated];
		}
		case "dispute":
			return [event(line.ref, "charge.dispute.created")];
		case "dispute_update":
			return [event(`${line.ref}_closed`, "charge.dispute.closed")];
		default: {
			const type = charge.canceled ? "payment_intent.canceled" : chargeTypes[charge.status];
			const step = line.kind === "charge" ? "begun" : line.says;
			return [event(`${charge.line.ref}_${step}`, type)];
		}
	}
}
