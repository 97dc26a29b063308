import { paidStatuses } from "../../contracts/order-status.ts";
import type { OrderFact } from "../evidence/evidence.ts";
import type { Entry } from "../evidence/client-history.ts";
import type { ProviderLine } from "../cluster/provider-process.ts";
import { grouped, type Checker, type Violation } from "./checker.ts";

const linesOf = (wanted: ProviderLine["kind"], lines: readonly ProviderLine[]) =>
	lines.filter(({ kind }) => kind === wanted);
const sum = (lines: readonly ProviderLine[]) =>
	lines.reduce((total, { amount }) => total + amount, 0);

/** The largest refunded amount that a response to staff confirmed, by order. */
function acknowledgedRefunds(outcomes: readonly Entry[]): Map<string, number> {
	const most = new Map<string, number>();
	for (const { order_id = "", refunded = 0 } of outcomes)
		most.set(order_id, Math.max(refunded, most.get(order_id) ?? 0));
	return most;
}

/** @param all lines of the provider that are about the order; @param acknowledged the confirmed refunds */
function* orderViolations(
	{ status, total, currency, refunded, refunded_by_others: refundedByOthers, returned }: OrderFact,
	all: readonly ProviderLine[],
	acknowledged: number
): Generator<string> {
	const lines = all.filter(line => line.succeeded);
	const charges = linesOf("charge", lines);
	const [charged, refundedByProvider] = [sum(charges), sum(linesOf("refund", lines))];
	const cameBack = sum(linesOf("refund", all)) - refundedByProvider;
	for (const line of lines)
		if (line.currency !== currency)
			yield `is over ${currency}, the provider's ${line.kind} over ${line.currency}`;
	if (charges.length > 1) yield `was charged ${charges.length} times`;
	if (refundedByProvider > charged)
		yield `was charged ${charged} and refunded ${refundedByProvider}`;
	if (refundedByProvider !== refunded)
		yield `the shop refunded ${refunded}, the provider ${refundedByProvider}`;
	if (refundedByProvider + cameBack < acknowledged)
		yield `an answer confirmed refunds of ${acknowledged}, the provider refunded ${refundedByProvider}`;
	const due = paidStatuses.has(status) ? total - refundedByOthers - returned.refunded : 0;
	if (charged - refundedByProvider !== due)
		yield `is ${status}, and the provider holds ${charged - refundedByProvider} of ${due}`;
}

export const money: Checker = {
	promise: "P3",
	title:
		"The provider charged every paid order once and the right amount, refunded what the shop says, and kept no money of other orders",
	examined: ({ ledger }) => {
		const succeeded = ledger.filter(line => line.succeeded);
		return `${linesOf("charge", succeeded).length} charges and ${linesOf("refund", succeeded).length} refunds in the provider's ledger`;
	},
	violations: ({ ledger, orders, outcomes }) => {
		const acknowledgedByOrder = acknowledgedRefunds(outcomes);
		const byOrder = grouped(ledger, ({ order_id }) => order_id);
		const violations: Violation[] = [];
		for (const order of orders) {
			const { id: order_id } = order;
			const lines = byOrder.get(order_id) ?? [];
			for (const what of orderViolations(order, lines, acknowledgedByOrder.get(order_id) ?? 0))
				violations.push({ what, order_id });
			byOrder.delete(order_id);
		}
		for (const [order_id, lines] of byOrder) {
			const charged = sum(linesOf("charge", lines).filter(line => line.succeeded));
			if (charged > 0)
				violations.push({
					what: `was charged ${charged}, and the shop has no such order`,
					order_id
				});
		}
		return violations;
	}
};
