import type { LedgerState } from "./book.ts";
import type { DisputeLine, DisputeUpdateLine, RefundUpdateLine } from "./lines.ts";
import { testMethod } from "./payment-methods.ts";

/** A change that follows from a card, and has not happened yet. */
export interface LaterChange {
	/** The same for every process. */
	id: string;
	/** Its time is counted from here. */
	since: string;
	line: RefundUpdateLine | DisputeLine | DisputeUpdateLine;
}

const methodOf = (state: LedgerState, chargeRef: string) =>
	testMethod(state.charge(chargeRef)?.line.payment_method ?? "");

/** What cards will do to the charges, refunds and disputes of a ledger: it is derived, so a restart loses none. */
export function laterChanges(state: LedgerState): LaterChange[] {
	return [...state.later].flatMap(id => {
		const [line] = [changeOfRefund, changeOfDispute, changeOfCharge].flatMap(
			changeOf => changeOf(state, id) ?? []
		);
		return line ? [{ id, since: line.at, line }] : [];
	});
}

/** @param key of a refund */
function changeOfRefund(state: LedgerState, key: string): RefundUpdateLine | undefined {
	const refund = state.refunds.get(key);
	const later = refund && methodOf(state, refund.line.charge_ref)?.firstRefund;
	return later && { kind: "refund_update", key, status: later.then, at: refund.line.at };
}

/** @param ref of a dispute */
function changeOfDispute(state: LedgerState, ref: string): DisputeUpdateLine | undefined {
	const dispute = state.disputes.get(ref);
	const status = dispute && methodOf(state, dispute.line.charge_ref)?.dispute?.then;
	return status && { kind: "dispute_update", ref, status, at: dispute.line.at };
}

/** @param ref of a charge */
function changeOfCharge(state: LedgerState, ref: string): DisputeLine | undefined {
	const charge = state.charge(ref);
	const later = charge && methodOf(state, ref)?.dispute;
	if (!later) return undefined;
	const { amount, currency, at } = charge.line;
	return {
		kind: "dispute",
		ref: `dp_${ref}`,
		charge_ref: ref,
		amount,
		currency,
		reason: later.reason,
		at
	};
}
