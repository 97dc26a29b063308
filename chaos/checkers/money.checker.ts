import { paidStatuses } from "../../contracts/order-status.ts";
import type { OrderFact } from "../evidence/evidence.ts";
import type { Entry } from "../evidence/client-history.ts";
import type { ProviderLine } from "../cluster/provider-process.ts";
import { grouped, type Checker, type Violation } from "./checker.ts";

const of = (wanted: ProviderLine["kind"], lines: readonly ProviderLine[]) =>
	lines.filter(({ kind }) => kind === wanted);
const sum = (lines: readonly ProviderLine[]) =>
	lines.reduce((total, { amount }) => total + amount, 0);

/** The most that staff were told was paid back, by order. */
function promises(outcomes: readonly Entry[]): Map<string, number> {
	const most = new Map<string, number>();
	for (const { order_id = "", paid_back = 0 } of outcomes)
		most.set(order_id, Math.max(paid_back, most.get(order_id) ?? 0));
	return most;
}

/** @param lines of the provider that are about the order; @param told what staff were */
function* wrongs(
	{ status, total, currency, paid_back, by_staff, came_back }: OrderFact,
	lines: readonly ProviderLine[],
	told: number
): Generator<string> {
	const charges = of("charge", lines);
	const [charged, back] = [sum(charges), sum(of("refund", lines))];
	for (const line of lines)
		if (line.currency !== currency)
			yield `is over ${currency}, the provider's ${line.kind} over ${line.currency}`;
	if (charges.length > 1) yield `was charged ${charges.length} times`;
	if (back > charged) yield `was charged ${charged} and paid back ${back}`;
	if (back !== paid_back) yield `the shop paid back ${paid_back}, the provider ${back}`;
	if (back < told) yield `staff were told that ${told} are paid back, the provider paid ${back}`;
	const due = paidStatuses.has(status) ? total - by_staff - came_back.paid : 0;
	if (charged - back !== due)
		yield `is ${status}, and the provider holds ${charged - back} of ${due}`;
}

export const money: Checker = {
	promise: "P3",
	title:
		"The provider charged every paid order once and rightly, paid back what the shop says, and kept nothing of any other",
	looked: ({ ledger }) => {
		const succeeded = ledger.filter(line => line.succeeded);
		return `${of("charge", succeeded).length} charges and ${of("refund", succeeded).length} refunds in the provider's ledger`;
	},
	violations: ({ ledger, orders, outcomes }) => {
		const told = promises(outcomes);
		const succeeded = grouped(
			ledger.filter(line => line.succeeded),
			({ order_id }) => order_id
		);
		const wrong: Violation[] = [];
		for (const order of orders) {
			const { id: order_id } = order;
			const lines = succeeded.get(order_id) ?? [];
			for (const what of wrongs(order, lines, told.get(order_id) ?? 0))
				wrong.push({ what, order_id });
			succeeded.delete(order_id);
		}
		for (const [order_id, lines] of succeeded)
			wrong.push({ what: `was charged ${sum(lines)}, and the shop does not know it`, order_id });
		return wrong;
	}
};
